// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace parley::turn {

enum class NoiseField : std::uint8_t { near, far };

// Stationary-noise suppression of one 16 kHz stream, in place, in frames of kFrameSamples
// (speexdsp's preprocessor). Adds no delay beyond its frame. One thread.
class NoiseReducer {
 public:
  static constexpr int kFrameSamples = 320;  // 20 ms at 16 kHz

  explicit NoiseReducer(NoiseField field);  // near: -15 dB, far: -25 dB of noise
  ~NoiseReducer();
  NoiseReducer(const NoiseReducer&) = delete;
  NoiseReducer& operator=(const NoiseReducer&) = delete;

  void process(std::span<std::int16_t> frame);  // exactly kFrameSamples

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::turn
