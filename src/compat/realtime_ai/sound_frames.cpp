// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/sound_frames.h"

#include <algorithm>

#include "compat/frames.h"

namespace parley::compat {

namespace {

constexpr std::size_t kHeaderBytes = 8;
// A longer hole is a pause of the stream, not of its page.
constexpr std::int64_t kHoleMsMax = 1000;
// A whole stream comes unevenly, by up to this much.
constexpr std::int64_t kJitterMsMax = 200;
// Up to here a hole is filled with the voice around it.
constexpr std::int64_t kMirrorMsMax = 40;

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

}  // namespace

const std::vector<std::int16_t>* SoundFrames::take(std::string_view message,
                                                   base::Instant arrived) {
  if (message.size() < kBytesMin) return nullptr;
  const std::uint32_t time = little_endian(message);
  std::vector<std::int16_t> heard;
  append_samples(message.substr(kHeaderBytes), heard);
  samples_.clear();
  if (last_time_) {
    const std::int64_t elapsed = elapsed_samples(time, arrived);
    if (elapsed <= kHoleMsMax * rate_hz_ / 1000) {
      note(elapsed);
      const std::int64_t jitter = kJitterMsMax * rate_hz_ / 1000;
      missing_ = std::max(missing_ + elapsed - static_cast<std::int64_t>(last_.size()), -jitter);
      if (!has_holes()) missing_ -= missing_ / 64;  // two clocks drift apart
      if (missing_ > (has_holes() ? 0 : jitter)) mend(missing_);
    } else {
      missing_ = 0;
    }
  }
  samples_.insert(samples_.end(), heard.begin(), heard.end());
  last_time_ = time;
  last_arrived_ = arrived;
  last_ = std::move(heard);
  return &samples_;
}

// From the message before to this one. The sender's time counts where it can be one: where it
// advanced by at least half of what the message before held, and by no more than a hole.
std::int64_t SoundFrames::elapsed_samples(std::uint32_t time, base::Instant arrived) const {
  const auto told_ms = static_cast<std::int64_t>(time - *last_time_);  // modulo 2^32
  const std::int64_t told = told_ms * rate_hz_ / 1000;
  if (told * 2 >= static_cast<std::int64_t>(last_.size()) && told_ms <= kHoleMsMax) return told;
  const auto seen = std::chrono::duration_cast<std::chrono::microseconds>(arrived - last_arrived_);
  return seen.count() * rate_hz_ / 1'000'000;
}

void SoundFrames::note(std::int64_t elapsed) {
  short_[noted_++ % short_.size()] = static_cast<std::int64_t>(last_.size()) * 10 < elapsed * 9;
}

// Whether most messages are too short for their time, which no jitter makes them.
bool SoundFrames::has_holes() const {
  return std::count(short_.begin(), short_.end(), true) * 2 >
         static_cast<std::ptrdiff_t>(short_.size());
}

void SoundFrames::mend(std::int64_t missing) {
  const auto mirrored =
      std::min({missing, static_cast<std::int64_t>(last_.size()), kMirrorMsMax * rate_hz_ / 1000});
  samples_.insert(samples_.end(), last_.rbegin(), last_.rbegin() + mirrored);
  samples_.resize(static_cast<std::size_t>(missing), 0);
  missing_ = 0;
}

void SoundFrames::reset() {
  last_time_.reset();
  last_.clear();
  missing_ = 0;
  short_ = {};
  noted_ = 0;
}

}  // namespace parley::compat
