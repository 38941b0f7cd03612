// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

// How loud a frame is, and how loud the room is without speech: what both detectors start from.
namespace parley::turn::detail {

inline constexpr float kSilenceDbfs = -100;  // what digital silence counts as

// Level of a frame in dB below full scale, its constant part left out; at least kSilenceDbfs.
float level_dbfs(std::span<const std::int16_t> frame);

// Follows the level of the background: falls fast, rises slowly, so that speech, which is full of
// gaps, hardly lifts it, while a fan that starts is background after a few seconds.
class NoiseFloor {
 public:
  explicit NoiseFloor(float frame_seconds);

  // Takes the next frame's level and returns how far it stands above the floor, in dB.
  float follow(float level_dbfs);
  void reset();

 private:
  float frame_seconds_;
  float floor_dbfs_;
};

}  // namespace parley::turn::detail
