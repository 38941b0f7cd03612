// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/sound_frames.h"

#include <algorithm>

#include "compat/frames.h"

namespace parley::compat {

namespace {

constexpr std::size_t kHeaderBytes = 8;
// A longer hole is a pause of the stream, not of its page.
constexpr std::int64_t kHoleMsMax = 1000;
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

const std::vector<std::int16_t>* SoundFrames::take(std::string_view message) {
  if (message.size() < kBytesMin) return nullptr;
  const std::uint32_t time = little_endian(message);
  std::vector<std::int16_t> heard;
  append_samples(message.substr(kHeaderBytes), heard);
  samples_.clear();
  if (last_time_) {
    const auto elapsed_ms = static_cast<std::int64_t>(time - *last_time_);  // modulo 2^32
    const std::int64_t missing =
        elapsed_ms * rate_hz_ / 1000 - static_cast<std::int64_t>(last_.size());
    // A tenth is jitter; time that runs backwards is a large number here.
    const bool hole = missing > elapsed_ms * rate_hz_ / 10'000 && elapsed_ms <= kHoleMsMax;
    if (hole) mend(missing);
  }
  samples_.insert(samples_.end(), heard.begin(), heard.end());
  last_time_ = time;
  last_ = std::move(heard);
  return &samples_;
}

void SoundFrames::mend(std::int64_t missing) {
  const auto mirrored =
      std::min({missing, static_cast<std::int64_t>(last_.size()), kMirrorMsMax * rate_hz_ / 1000});
  samples_.insert(samples_.end(), last_.rbegin(), last_.rbegin() + mirrored);
  samples_.resize(static_cast<std::size_t>(missing), 0);
}

void SoundFrames::reset() {
  last_time_.reset();
  last_.clear();
}

}  // namespace parley::compat
