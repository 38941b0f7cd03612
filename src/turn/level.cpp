// SPDX-License-Identifier: MIT
#include "turn/detail/level.h"

#include <algorithm>
#include <cmath>

namespace parley::turn::detail {
namespace {

// Before anything was heard: an ordinary room. Speech stands clear of it from the first word.
constexpr float kFirstFloorDbfs = -50;
// However silent the line, what stands a little above silence is not speech.
constexpr float kLowestFloorDbfs = -65;
constexpr float kRiseDbPerSecond = 2.5;
// Of the way down, each second: 90 % of it takes 0.1 s.
constexpr float kFallPerSecond = 23;

}  // namespace

float level_dbfs(std::span<const std::int16_t> frame) {
  std::int64_t sum = 0;
  std::int64_t sum_of_squares = 0;
  for (const std::int16_t sample : frame) {
    const std::int32_t square = sample * sample;
    sum += sample;
    sum_of_squares += square;
  }
  const auto count = static_cast<double>(frame.size());
  const double mean = static_cast<double>(sum) / count;
  const double power = static_cast<double>(sum_of_squares) / count - mean * mean;
  constexpr double kFullScale = 32768.0 * 32768.0;
  return std::max(kSilenceDbfs, 10 * std::log10(static_cast<float>(power / kFullScale) + 1e-12F));
}

NoiseFloor::NoiseFloor(float frame_seconds)
    : frame_seconds_(frame_seconds), floor_dbfs_(kFirstFloorDbfs) {}

float NoiseFloor::follow(float level_dbfs) {
  const float above = level_dbfs - floor_dbfs_;
  if (above < 0) {
    floor_dbfs_ += above * std::min(1.0F, kFallPerSecond * frame_seconds_);
  } else {
    floor_dbfs_ += std::min(above, kRiseDbPerSecond * frame_seconds_);
  }
  floor_dbfs_ = std::max(floor_dbfs_, kLowestFloorDbfs);
  return above;
}

void NoiseFloor::reset() { floor_dbfs_ = kFirstFloorDbfs; }

}  // namespace parley::turn::detail
