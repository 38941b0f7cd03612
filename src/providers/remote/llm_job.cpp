// SPDX-License-Identifier: MIT
#include "providers/remote/llm_job.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "engine/job_channel.h"
#include "net/sse.h"
#include "providers/remote/retry.h"

namespace parley::providers::remote {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::LlmEvent;

constexpr std::size_t kBodyBytesMax = 256u << 20u;     // of a stream; sound is the most of it
constexpr std::size_t kDocumentBytesMax = 32u << 20u;  // of an answer in one piece
// The figures that follow the last word are worth this wait, and no more.
constexpr base::Duration kFiguresTime = std::chrono::seconds(1);

class Job final : public engine::LlmJob {
 public:
  Job(LlmPlan plan, base::Executor& loop, engine::Sink<LlmEvent> sink)
      : plan_(std::move(plan)),
        channel_(std::make_shared<engine::JobChannel<LlmEvent>>(loop, std::move(sink))) {
    send(std::move(plan_.request));
  }
  ~Job() override { channel_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 private:
  enum class Form : std::uint8_t { stream, document };

  void send(RemoteRequest request) {
    decoder_ = plan_.decoder();
    RemoteHandlers handlers;
    handlers.on_accepted = [this](const net::HeaderList& headers) { on_accepted(headers); };
    handlers.on_body = [this](std::string_view piece) { on_body(piece); };
    handlers.on_done = [this] { on_done(); };
    handlers.on_failure = [this](const Failure& failure) { on_failure(failure); };
    call_ = RemoteCall::start(channel_->loop(), plan_.endpoint, std::move(request),
                              std::move(handlers));
  }

  void on_accepted(const net::HeaderList& headers) {
    const std::string_view type = header_value(headers, "content-type");
    if (type.starts_with("text/html")) {
      return fail(FailureKind::protocol, "answered with a web page: is the address right?");
    }
    // Some servers stream under the name of a document: its first character tells.
    undecided_ = type.find("event-stream") == std::string_view::npos;
  }

  void on_body(std::string_view piece) {
    if (over_) return;
    body_bytes_ += piece.size();
    if (undecided_) {
      const std::size_t first = piece.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return;
      form_ = piece[first] == '{' || piece[first] == '[' ? Form::document : Form::stream;
      undecided_ = false;
      if (piece[first] == '<') {
        return fail(FailureKind::protocol, "answered with a web page: is the address right?");
      }
    }
    if (body_bytes_ > (form_ == Form::document ? kDocumentBytesMax : kBodyBytesMax)) {
      return fail(FailureKind::protocol, "answered with far too much");
    }
    if (form_ == Form::document) {
      document_ += piece;
      return;
    }
    std::vector<LlmEvent> events;
    const bool sound = parser_.feed(piece, [&](const net::SseEvent& event) {
      if (!is_over(events)) decoder_->on_event(event.type, event.data, events);
    });
    pass_on(std::move(events));
    if (!over_ && !sound) fail(FailureKind::protocol, "sent an event that is far too long");
    if (!over_ && decoder_->said_all()) await_figures();
  }

  void on_done() {
    if (over_) return;
    std::vector<LlmEvent> events;
    if (form_ == Form::document && !undecided_) {
      decoder_->on_document(document_, events);
    } else {
      parser_.finish([&](const net::SseEvent& event) {
        if (!is_over(events)) decoder_->on_event(event.type, event.data, events);
      });
    }
    if (!is_over(events)) decoder_->on_end(false, events);
    pass_on(std::move(events));
  }

  void on_failure(const Failure& failure) {
    if (over_) return;
    std::vector<LlmEvent> events;
    decoder_->on_end(true, events);
    pass_on(std::move(events));
    if (over_) return;
    if (!answered_ && plan_.reword && rewordings_ < kRewordingsMax) {
      if (auto request = plan_.reword(failure)) {
        ++rewordings_;
        // In a task of its own: the refused call is still on the stack.
        channel_->loop().post([channel = channel_, this, again = std::move(*request)]() mutable {
          if (!channel->closed()) send(std::move(again));
        });
        return;
      }
    }
    over_ = true;
    channel_->emit(failure);
  }

  // The last word is out; when the rest does not come, it is not waited for.
  void await_figures() {
    if (std::exchange(awaiting_figures_, true)) return;
    channel_->loop().post_after(kFiguresTime, [channel = channel_, this] {
      if (channel->closed() || over_) return;
      std::vector<LlmEvent> events;
      decoder_->on_end(true, events);
      pass_on(std::move(events));
    });
  }

  void pass_on(std::vector<LlmEvent> events) {
    if (events.empty()) return;
    answered_ = true;
    if (is_over(events)) {
      over_ = true;
      if (const auto* failure = std::get_if<Failure>(&events.back())) {
        if (call_) call_->blame(*failure);
        call_.reset();
      } else if (call_) {
        call_->let_finish();
      }
    }
    for (auto& event : events) channel_->emit(std::move(event));
  }

  void fail(FailureKind kind, std::string_view what) {
    std::vector<LlmEvent> events;
    events.emplace_back(make_failure(*plan_.endpoint, kind, what));
    pass_on(std::move(events));
  }

  LlmPlan plan_;
  const std::shared_ptr<engine::JobChannel<LlmEvent>> channel_;
  std::unique_ptr<LlmDecoder> decoder_;
  net::SseParser parser_;
  std::unique_ptr<RemoteCall> call_;
  Form form_ = Form::stream;
  bool undecided_ = false;  // the form shows in the first piece
  std::string document_;
  std::size_t body_bytes_ = 0;
  int rewordings_ = 0;
  bool answered_ = false;
  bool awaiting_figures_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<engine::LlmJob> start_llm(LlmPlan plan, base::Executor& loop,
                                          engine::Sink<LlmEvent> sink) {
  return std::make_unique<Job>(std::move(plan), loop, std::move(sink));
}

}  // namespace parley::providers::remote
