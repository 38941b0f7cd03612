// SPDX-License-Identifier: MIT
#include "providers/azure/short_audio_job.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/wav.h"
#include "engine/job_channel.h"
#include "providers/azure/stt_phrase.h"

namespace parley::providers::azure {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::SttEvent;
using engine::SttFinal;
using engine::SttPartial;

constexpr std::size_t kSamplesMin = engine::kHearingRateHz / 10;
constexpr std::size_t kBodyBytesMax = 1u << 20u;

std::chrono::milliseconds length_of(std::size_t samples) {
  return std::chrono::milliseconds(samples * 1000 / engine::kHearingRateHz);
}

// Recognising takes the longer, the longer the speech.
std::shared_ptr<const remote::Endpoint> with_time_for(const remote::Endpoint& endpoint,
                                                      std::chrono::milliseconds length) {
  auto patient = std::make_shared<remote::Endpoint>(endpoint);
  net::HttpTimeouts& timeouts = patient->timeouts;
  if (timeouts.first_byte > base::Duration::zero()) timeouts.first_byte += length;
  if (timeouts.total > base::Duration::zero()) timeouts.total += length;
  return patient;
}

class Job final : public engine::SttJob {
 public:
  Job(ShortAudioPlan plan, base::Executor& loop, engine::Sink<SttEvent> sink)
      : plan_(std::move(plan)),
        channel_(std::make_shared<engine::JobChannel<SttEvent>>(loop, std::move(sink))) {}
  ~Job() override { channel_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void push(std::span<const std::int16_t> samples) override {
    if (over_ || finished_) return;
    if (samples_.size() + samples.size() > plan_.utterance_max) {
      call_.reset();
      samples_ = {};
      return end_with(remote::make_failure(
          *plan_.endpoint, FailureKind::invalid_request,
          "takes utterances of at most " +
              std::to_string(length_of(plan_.utterance_max).count() / 1000) + " s"));
    }
    samples_.insert(samples_.end(), samples.begin(), samples.end());
  }

  void pause() override {
    if (!over_ && !finished_ && !begun_) begin();
  }

  void resume() override {
    if (over_ || finished_) return;
    begun_ = false;
    held_.reset();
    call_.reset();
  }

  void finish() override {
    if (over_ || std::exchange(finished_, true)) return;
    if (!begun_) begin();
    if (held_) end_with(std::move(*held_));
  }

 private:
  void begin() {
    begun_ = true;
    body_.clear();
    if (samples_.size() < kSamplesMin) {
      held_ = SttFinal{};
      return;
    }
    remote::RemoteRequest request = plan_.request;
    request.body = audio::write_wav(samples_, engine::kHearingRateHz);
    remote::RemoteHandlers handlers;
    handlers.on_body = [this](std::string_view piece) { on_body(piece); };
    handlers.on_done = [this] { on_done(); };
    handlers.on_failure = [this](Failure failure) { on_answer(std::move(failure)); };
    call_ = remote::RemoteCall::start(channel_->loop(),
                                      with_time_for(*plan_.endpoint, length_of(samples_.size())),
                                      std::move(request), std::move(handlers));
  }

  void on_body(std::string_view piece) {
    if (body_.size() + piece.size() > kBodyBytesMax) {
      return blame(remote::make_failure(*plan_.endpoint, FailureKind::protocol,
                                        "answered with far too much"));
    }
    body_ += piece;
  }

  void on_done() {
    auto words = read_phrase(*plan_.endpoint, body_);
    if (!words) return blame(std::move(words.error()));
    on_answer(SttFinal{std::move(*words)});
  }

  // The answer is an error, though it was accepted.
  void blame(Failure failure) {
    call_->blame(failure);
    call_.reset();
    on_answer(std::move(failure));
  }

  void on_answer(SttEvent event) {
    if (finished_) return end_with(std::move(event));
    if (const auto* last = std::get_if<SttFinal>(&event)) {
      channel_->emit(SttPartial{last->text, 0});
    }
    held_ = std::move(event);
  }

  void end_with(SttEvent event) {
    over_ = true;
    channel_->emit(std::move(event));
  }

  const ShortAudioPlan plan_;
  const std::shared_ptr<engine::JobChannel<SttEvent>> channel_;
  std::vector<std::int16_t> samples_;  // the utterance so far
  std::unique_ptr<remote::RemoteCall> call_;
  std::string body_;              // of the answer
  std::optional<SttEvent> held_;  // the end of the job, should the voice not go on
  bool begun_ = false;            // a request, or its answer, covers what was pushed
  bool finished_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<engine::SttJob> start_short_audio(ShortAudioPlan plan, base::Executor& loop,
                                                  engine::Sink<SttEvent> sink) {
  return std::make_unique<Job>(std::move(plan), loop, std::move(sink));
}

}  // namespace parley::providers::azure
