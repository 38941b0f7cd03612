// SPDX-License-Identifier: MIT
#include "providers/openai/speech_event_job.h"

#include <string>
#include <utility>
#include <variant>

#include "engine/job_channel.h"
#include "net/sse.h"
#include "providers/openai/speech_objects.h"
#include "providers/remote/retry.h"

namespace parley::providers::openai {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::TtsEvent;

constexpr std::size_t kBodyBytesMax = 256u << 20u;  // ten minutes of sound as hexadecimal digits
constexpr std::size_t kMessageBytesMax = 16u << 20u;

bool may_pass(FailureKind kind) {
  return kind == FailureKind::rate_limited || kind == FailureKind::overloaded ||
         kind == FailureKind::unavailable || kind == FailureKind::timeout;
}

class Job final : public engine::TtsJob {
 public:
  Job(SpeechEventPlan plan, base::Executor& loop, engine::Sink<TtsEvent> sink)
      : plan_(std::move(plan)),
        channel_(std::make_shared<engine::JobChannel<TtsEvent>>(loop, std::move(sink))) {
    send();
  }
  ~Job() override { channel_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 private:
  enum class Form : std::uint8_t { undecided, events, objects };

  void send() {
    decoder_ = plan_.decoder();
    parser_ = net::SseParser(kMessageBytesMax);
    objects_ = JsonObjects(kMessageBytesMax);
    form_ = Form::undecided;
    body_bytes_ = 0;
    remote::RemoteHandlers handlers;
    handlers.on_accepted = [this](const net::HeaderList& headers) { on_accepted(headers); };
    handlers.on_body = [this](std::string_view piece) { on_body(piece); };
    handlers.on_done = [this] { on_done(); };
    handlers.on_failure = [this](Failure failure) { on_failure(std::move(failure)); };
    call_ = remote::RemoteCall::start(channel_->loop(), plan_.endpoint, plan_.request,
                                      std::move(handlers));
  }

  void on_accepted(const net::HeaderList& headers) {
    const std::string_view type = remote::header_value(headers, "content-type");
    if (type.starts_with("text/html"))
      return fail("answered with a web page: is the address right?");
    if (type.starts_with("audio/"))
      return fail("answered with bare sound, which was not asked for");
  }

  void on_body(std::string_view piece) {
    if (over_) return;
    body_bytes_ += piece.size();
    if (body_bytes_ > kBodyBytesMax) return fail("answered with far too much");
    if (form_ == Form::undecided) {
      const std::size_t first = piece.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return;
      if (piece[first] == '<') return fail("answered with a web page: is the address right?");
      form_ = piece[first] == '{' ? Form::objects : Form::events;
    }
    std::vector<TtsEvent> events;
    const auto take = [&](std::string_view message) {
      if (!is_over(events)) decoder_->on_message(message, events);
    };
    const bool readable =
        form_ == Form::objects
            ? objects_.feed(piece, take)
            : parser_.feed(piece, [&](const net::SseEvent& event) { take(event.data); });
    pass_on(std::move(events));
    if (!over_ && !waiting_ && !readable) fail("sent something that is no message of its protocol");
  }

  void on_done() {
    if (over_ || waiting_) return;
    std::vector<TtsEvent> events;
    if (body_bytes_ == 0) {
      events.emplace_back(
          remote::make_failure(*plan_.endpoint, FailureKind::unavailable, "answered with nothing"));
    } else if (form_ == Form::events) {
      parser_.finish([&](const net::SseEvent& event) {
        if (!is_over(events)) decoder_->on_message(event.data, events);
      });
    }
    if (!is_over(events)) decoder_->on_end(events);
    pass_on(std::move(events));
  }

  void on_failure(Failure failure) {
    if (std::exchange(over_, true)) return;
    if (failure.kind == FailureKind::not_found && !heard_ && plan_.otherwise) {
      other_ = plan_.otherwise(
          [channel = channel_](TtsEvent event) { channel->emit(std::move(event)); });
      return;
    }
    emit_held();
    channel_->emit(std::move(failure));
  }

  void emit_held() {
    std::vector<TtsEvent> held;
    decoder_->on_break(held);
    for (auto& event : held) channel_->emit(std::move(event));
  }

  void pass_on(std::vector<TtsEvent> events) {
    if (events.empty()) return;
    if (is_over(events) && !end_with(events.back(), events.size() == 1)) return;
    heard_ = true;
    for (auto& event : events) channel_->emit(std::move(event));
  }

  // False when the request is to be sent again instead.
  bool end_with(const TtsEvent& last, bool alone) {
    const auto* failure = std::get_if<Failure>(&last);
    if (failure != nullptr && alone && !heard_ && may_pass(failure->kind) &&
        retries_ < plan_.endpoint->retries) {
      try_again();
      return false;
    }
    over_ = true;
    if (failure == nullptr) {
      call_->let_finish();
    } else {
      if (alone) emit_held();
      call_->blame(*failure);
      call_.reset();
    }
    return true;
  }

  void try_again() {
    waiting_ = true;
    call_.reset();
    constexpr double kNoJitter = 1;  // one request of one turn: no herd to spread
    channel_->loop().post_after(remote::back_off(retries_++, kNoJitter),
                                [channel = channel_, this] {
                                  if (channel->closed()) return;
                                  waiting_ = false;
                                  send();
                                });
  }

  void fail(std::string_view what) {
    std::vector<TtsEvent> events;
    events.emplace_back(remote::make_failure(*plan_.endpoint, FailureKind::protocol, what));
    pass_on(std::move(events));
  }

  const SpeechEventPlan plan_;
  const std::shared_ptr<engine::JobChannel<TtsEvent>> channel_;
  std::unique_ptr<SpeechDecoder> decoder_;
  net::SseParser parser_;
  JsonObjects objects_{kMessageBytesMax};
  std::unique_ptr<remote::RemoteCall> call_;
  std::unique_ptr<engine::TtsJob> other_;  // in its place
  Form form_ = Form::undecided;
  std::size_t body_bytes_ = 0;
  int retries_ = 0;
  bool heard_ = false;
  bool waiting_ = false;  // for the next try
  bool over_ = false;
};

}  // namespace

bool is_over(const std::vector<TtsEvent>& events) {
  return !events.empty() && (std::holds_alternative<engine::TtsDone>(events.back()) ||
                             std::holds_alternative<Failure>(events.back()));
}

BareSpeech remembering(Memory memory, BareSpeech bare) {
  return [memory = std::move(memory), bare = std::move(bare)](engine::Sink<TtsEvent> sink) {
    return bare([memory, sink = std::move(sink)](TtsEvent event) {
      if (std::holds_alternative<engine::TtsAudio>(event)) *memory = true;
      sink(std::move(event));
    });
  };
}

std::unique_ptr<engine::TtsJob> start_speech_events(SpeechEventPlan plan, base::Executor& loop,
                                                    engine::Sink<TtsEvent> sink) {
  return std::make_unique<Job>(std::move(plan), loop, std::move(sink));
}

}  // namespace parley::providers::openai
