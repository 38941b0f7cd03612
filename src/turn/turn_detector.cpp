// SPDX-License-Identifier: MIT
// Turns out of speech probabilities. All times are sample positions in one stream.
#include "turn/turn_detector.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::turn {
namespace {

constexpr std::int64_t samples_of(std::int64_t milliseconds) {
  return milliseconds * kVadRateHz / 1000;
}

// A gap up to this long, as before a plosive, belongs to the run of speech around it.
constexpr std::int64_t kRunGapMax = samples_of(40);
// Silence shorter than this inside a turn is not worth telling anyone.
constexpr std::int64_t kSilenceMin = samples_of(50);
// Speech shorter than this does not end a pause: a click would keep the turn open.
constexpr std::int64_t kResumeMin = samples_of(30);

}  // namespace

TurnDetector::TurnDetector(std::unique_ptr<Vad> vad, TurnDetectorOptions options)
    : vad_(std::move(vad)) {
  PARLEY_ASSERT(vad_ != nullptr && vad_->frame_samples() > 0);
  frame_.reserve(static_cast<std::size_t>(vad_->frame_samples()));
  set_options(options);
}

void TurnDetector::set_options(TurnDetectorOptions options) {
  PARLEY_ASSERT(options.prefix_padding_ms >= 0 && options.silence_duration_ms >= 0 &&
                options.speech_duration_min_ms >= 0);
  options_ = options;
}

void TurnDetector::push(std::span<const std::int16_t> samples, std::vector<TurnEvent>& events) {
  const auto frame_samples = static_cast<std::size_t>(vad_->frame_samples());
  while (!samples.empty()) {
    const std::size_t taken = std::min(samples.size(), frame_samples - frame_.size());
    frame_.insert(frame_.end(), samples.begin(),
                  samples.begin() + static_cast<std::ptrdiff_t>(taken));
    samples = samples.subspan(taken);
    if (frame_.size() == frame_samples) {
      analyse_frame(events);
    }
  }
}

void TurnDetector::analyse_frame(std::vector<TurnEvent>& events) {
  probability_ = vad_->analyse(frame_);
  frame_begin_ += static_cast<std::int64_t>(frame_.size());
  frame_.clear();
  const std::int64_t now = frame_begin_;
  // A probability of nothing is never speech, not even at a threshold of nothing.
  const bool speech = probability_ > 0 && probability_ >= options_.threshold;
  switch (state_) {
    case State::quiet:
      follow_run(speech, now);
      return look_for_start(events, now);
    case State::speaking:
      if (cut_if_too_long(events, now)) return;
      return look_for_silence(events, now, speech);
    case State::pausing:
      follow_run(speech, now);
      return look_for_end(events, now);
  }
}

void TurnDetector::follow_run(bool speech, std::int64_t frame_end) {
  if (speech) {
    const std::int64_t frame_samples = vad_->frame_samples();
    if (speech_run_ == 0) {
      speech_run_begin_ = frame_end - frame_samples;
    }
    speech_run_ += frame_samples;
    speech_run_end_ = frame_end;
  } else if (frame_end - speech_run_end_ > kRunGapMax) {
    forget_run();
  }
}

void TurnDetector::forget_run() { speech_run_ = 0; }

void TurnDetector::look_for_start(std::vector<TurnEvent>& events, std::int64_t now) {
  if (speech_run_ == 0 || speech_run_ < samples_of(options_.speech_duration_min_ms)) {
    return;
  }
  const std::int64_t padded = speech_run_begin_ - samples_of(options_.prefix_padding_ms);
  events.push_back({TurnEventType::speech_started, {std::max(padded, turn_floor_)}, {now}});
  state_ = State::speaking;
  turn_began_ = speech_run_begin_;
  speech_end_ = speech_run_end_;
  forget_run();
}

// The speech that goes on is the next turn's.
bool TurnDetector::cut_if_too_long(std::vector<TurnEvent>& events, std::int64_t now) {
  if (options_.turn_max_ms <= 0 || now - turn_began_ < samples_of(options_.turn_max_ms)) {
    return false;
  }
  events.push_back({TurnEventType::speech_stopped, {now}, {now}});
  state_ = State::quiet;
  turn_floor_ = now;
  forget_run();
  return true;
}

void TurnDetector::look_for_silence(std::vector<TurnEvent>& events, std::int64_t now, bool speech) {
  if (speech) {
    speech_end_ = now;
    return;
  }
  const std::int64_t silence_min = std::min(kSilenceMin, samples_of(options_.silence_duration_ms));
  if (now - speech_end_ < silence_min) {
    return;
  }
  events.push_back({TurnEventType::silence_started, {speech_end_}, {now}});
  state_ = State::pausing;
  look_for_end(events, now);
}

void TurnDetector::look_for_end(std::vector<TurnEvent>& events, std::int64_t now) {
  if (speech_run_ >= kResumeMin) {
    events.push_back({TurnEventType::speech_resumed, {speech_run_begin_}, {now}});
    state_ = State::speaking;
    speech_end_ = speech_run_end_;
    forget_run();
    return;
  }
  // A run in progress may yet be speech that began in time: it is waited for.
  const std::int64_t end = speech_end_ + samples_of(options_.silence_duration_ms);
  if (speech_run_ == 0 && now >= end) {
    events.push_back({TurnEventType::speech_stopped, {end}, {now}});
    state_ = State::quiet;
    turn_floor_ = end;
  }
}

void TurnDetector::end_turn() {
  state_ = State::quiet;
  turn_floor_ = position().samples;
  forget_run();
}

bool TurnDetector::speaking() const { return state_ != State::quiet; }

base::AudioTime TurnDetector::position() const {
  return {frame_begin_ + static_cast<std::int64_t>(frame_.size())};
}

float TurnDetector::probability() const { return probability_; }

}  // namespace parley::turn
