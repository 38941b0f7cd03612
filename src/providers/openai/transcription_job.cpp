// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_job.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audio/wav.h"
#include "audio/webm_opus.h"
#include "base/assert.h"
#include "engine/job_channel.h"
#include "net/sse.h"
#include "providers/openai/transcription_answer.h"
#include "providers/remote/retry.h"

namespace parley::providers::openai {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::SttEvent;
using engine::SttFinal;
using engine::SttPartial;

constexpr std::size_t kSamplesMin = engine::kHearingRateHz / 10;
constexpr std::size_t kBodyBytesMax = 16u << 20u;  // of an answer; many hours of words

std::chrono::milliseconds length_of(std::size_t samples) {
  return std::chrono::milliseconds(samples * 1000 / engine::kHearingRateHz);
}

// The utterance so far, as a file when one is wanted.
class Recording {
 public:
  Recording(bool webm, std::size_t samples_min) : samples_min_(samples_min) {
    if (!webm) return;
    auto made = audio::WebmOpusWriter::create(engine::kHearingRateHz);
    PARLEY_ASSERT(made);  // Opus takes this rate
    webm_ = std::move(*made);
  }

  void push(std::span<const std::int16_t> samples) {
    length_ += samples.size();
    if (webm_) {
      webm_->write(samples);
    } else {
      samples_.insert(samples_.end(), samples.begin(), samples.end());
    }
  }
  std::size_t length() const { return length_; }
  void clear() {
    webm_.reset();
    samples_ = {};
  }

  std::string file() {
    if (webm_) return webm_->file();
    samples_.resize(std::max(length_, samples_min_));
    std::string bytes = audio::write_wav(samples_, engine::kHearingRateHz);
    samples_.resize(length_);
    return bytes;
  }

 private:
  const std::size_t samples_min_;
  std::size_t length_ = 0;
  std::vector<std::int16_t> samples_;
  std::unique_ptr<audio::WebmOpusWriter> webm_;  // instead of the samples
};

// One request and its answer, whose news go to `tell`; the last of them is an SttFinal or a
// Failure. Waits for its turn with the engine first. Destroying it cancels the request.
class Attempt {
 public:
  using Tell = std::function<void(SttEvent)>;

  Attempt(const TranscriptionPlan& plan, base::Executor& loop, std::string_view file,
          std::chrono::milliseconds length, Tell tell)
      : loop_(loop),
        endpoint_(with_time_for(*plan.endpoint, length)),
        tell_(std::move(tell)),
        answer_(endpoint_, plan.logprobs) {
    auto request = std::make_shared<remote::RemoteRequest>(plan.request(file));
    if (!plan.queue) {
      send(std::move(*request));
      return;
    }
    turn_ = plan.queue->enter(loop, [this, request] { send(std::move(*request)); });
    const base::Duration patience = endpoint_->timeouts.first_byte;
    if (patience == base::Duration::zero()) return;
    loop.post_after(patience, [this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) give_up_waiting();
    });
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  const std::string& text() const { return answer_.text(); }

 private:
  // Recognising takes the longer, the longer the speech.
  static std::shared_ptr<const remote::Endpoint> with_time_for(const remote::Endpoint& endpoint,
                                                               std::chrono::milliseconds length) {
    auto patient = std::make_shared<remote::Endpoint>(endpoint);
    net::HttpTimeouts& timeouts = patient->timeouts;
    if (timeouts.first_byte > base::Duration::zero()) timeouts.first_byte += length;
    if (timeouts.total > base::Duration::zero()) timeouts.total += length;
    return patient;
  }

  void send(remote::RemoteRequest request) {
    if (over_) return;
    remote::RemoteHandlers handlers;
    handlers.on_accepted = [this](const net::HeaderList& headers) { on_accepted(headers); };
    handlers.on_body = [this](std::string_view piece) { on_body(piece); };
    handlers.on_done = [this] { on_done(); };
    handlers.on_failure = [this](Failure failure) { tell_last(std::move(failure)); };
    call_ = remote::RemoteCall::start(loop_, endpoint_, std::move(request), std::move(handlers));
  }

  void give_up_waiting() {
    if (call_ || over_) return;
    tell_last(
        remote::make_failure(*endpoint_, FailureKind::overloaded, "is busy with other utterances"));
  }

  void on_accepted(const net::HeaderList& headers) {
    const std::string_view type = remote::header_value(headers, "content-type");
    is_stream_ = type.find("event-stream") != std::string_view::npos;
    undecided_ = !is_stream_;
  }

  void on_body(std::string_view piece) {
    if (over_) return;
    body_bytes_ += piece.size();
    if (body_bytes_ > kBodyBytesMax) return fail("answered with far too much");
    if (undecided_) {
      const std::size_t first = piece.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return;
      if (piece[first] == '<') return fail("answered with a web page: is the address right?");
      // "data:", "event:" or a comment: some servers stream under the name of a document.
      is_stream_ = std::string_view("de:").find(piece[first]) != std::string_view::npos;
      undecided_ = false;
    }
    if (!is_stream_) {
      document_ += piece;
      return;
    }
    std::vector<SttEvent> news;
    const bool sound = parser_.feed(piece, [&](const net::SseEvent& event) {
      if (auto told = answer_.on_event(event.data)) news.push_back(std::move(*told));
    });
    pass_on(std::move(news));
    if (!over_ && !sound) fail("sent an event that is far too long");
  }

  void on_done() {
    if (over_) return;
    std::vector<SttEvent> news;
    const auto add = [&](TranscriptionAnswer::News told) {
      if (told) news.push_back(std::move(*told));
    };
    if (is_stream_) {
      parser_.finish([&](const net::SseEvent& event) { add(answer_.on_event(event.data)); });
      add(answer_.on_end());
    } else {
      add(answer_.on_document(document_));
    }
    pass_on(std::move(news));
  }

  // Only once the piece that they came in is read: the call may go with the last of them.
  void pass_on(std::vector<SttEvent> news) {
    for (SttEvent& event : news) {
      if (const auto* failure = std::get_if<Failure>(&event)) {
        call_->blame(*failure);
        call_.reset();
      } else if (std::holds_alternative<SttFinal>(event)) {
        call_->let_finish();
      } else {
        tell_(std::move(event));
        continue;
      }
      tell_last(std::move(event));
    }
  }

  void fail(std::string_view what) {
    pass_on({remote::make_failure(*endpoint_, FailureKind::protocol, what)});
  }

  void tell_last(SttEvent event) {
    if (std::exchange(over_, true)) return;
    turn_.reset();
    tell_(std::move(event));
  }

  base::Executor& loop_;
  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const Tell tell_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<TranscriptionQueue::Ticket> turn_;
  TranscriptionAnswer answer_;
  net::SseParser parser_;
  std::unique_ptr<remote::RemoteCall> call_;
  bool is_stream_ = false;
  bool undecided_ = false;  // the form shows in the first piece
  std::string document_;
  std::size_t body_bytes_ = 0;
  bool over_ = false;
};

class Job final : public engine::SttJob {
 public:
  Job(TranscriptionPlan plan, base::Executor& loop, engine::Sink<SttEvent> sink)
      : plan_(std::move(plan)),
        channel_(std::make_shared<engine::JobChannel<SttEvent>>(loop, std::move(sink))),
        recording_(plan_.webm, plan_.samples_min) {}
  ~Job() override { channel_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void push(std::span<const std::int16_t> samples) override {
    if (over_ || finished_) return;
    if (recording_.length() + samples.size() > plan_.utterance_max) {
      attempt_.reset();
      recording_.clear();
      return end_with(remote::make_failure(
          *plan_.endpoint, FailureKind::invalid_request,
          "takes utterances of at most " +
              std::to_string(length_of(plan_.utterance_max).count() / 1000) + " s"));
    }
    recording_.push(samples);
  }

  void pause() override {
    if (!over_ && !finished_ && !begun_) begin();
  }

  void resume() override {
    if (over_ || finished_) return;
    begun_ = false;
    held_.reset();
    attempt_.reset();
  }

  void finish() override {
    if (over_ || std::exchange(finished_, true)) return;
    if (!begun_) begin();
    if (held_) return end_with(std::move(*held_));
    // What was told while it could still change is now sure.
    if (attempt_ && !attempt_->text().empty()) on_news(SttPartial{attempt_->text()});
  }

 private:
  void begin() {
    begun_ = true;
    if (recording_.length() < kSamplesMin) {
      held_ = SttFinal{};
      return;
    }
    attempt_ = std::make_unique<Attempt>(plan_, channel_->loop(), recording_.file(),
                                         length_of(recording_.length()),
                                         [this](SttEvent event) { on_news(std::move(event)); });
  }

  void on_news(SttEvent event) {
    if (auto* partial = std::get_if<SttPartial>(&event)) {
      // A stream only grows, but until finish() all of it may be void.
      partial->stable = finished_ ? partial->text.size() : 0;
      if (finished_) told_ = partial->text;
      return channel_->emit(std::move(event));
    }
    if (finished_) return end_with(std::move(event));
    if (const auto* final = std::get_if<SttFinal>(&event)) {
      channel_->emit(SttPartial{final->text, 0});
    }
    held_ = std::move(event);
  }

  void end_with(SttEvent event) {
    over_ = true;
    // Words that were told as sure are not taken back.
    if (auto* final = std::get_if<SttFinal>(&event)) {
      if (!final->text.starts_with(told_)) final->text = attempt_->text();
    }
    channel_->emit(std::move(event));
  }

  const TranscriptionPlan plan_;
  const std::shared_ptr<engine::JobChannel<SttEvent>> channel_;
  Recording recording_;
  std::unique_ptr<Attempt> attempt_;
  std::optional<SttEvent> held_;  // the end of the job, should the voice not go on
  std::string told_;              // with the promise that it stays
  bool begun_ = false;            // a request, or its answer, covers what was pushed
  bool finished_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<engine::SttJob> start_transcription(TranscriptionPlan plan, base::Executor& loop,
                                                    engine::Sink<SttEvent> sink) {
  return std::make_unique<Job>(std::move(plan), loop, std::move(sink));
}

}  // namespace parley::providers::openai
