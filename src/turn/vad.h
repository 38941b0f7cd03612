// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace parley::turn {

// Every detector listens at this rate, mono signed 16-bit.
inline constexpr int kVadRateHz = 16000;

// Voice activity: is there speech in this frame? Streaming, one instance per stream, one thread.
// Allocates nothing after construction.
class Vad {
 public:
  virtual ~Vad() = default;
  // Samples in a frame; constant for the life of the object (e.g. 160, 320 or 512).
  virtual int frame_samples() const = 0;
  // Takes exactly frame_samples() samples and returns how likely they are speech, 0..1.
  virtual float analyse(std::span<const std::int16_t> frame) = 0;
  // Forgets the stream, as if newly made.
  virtual void reset() = 0;
};

enum class VadKind : std::uint8_t {
  energy,  // level above an adaptive noise floor
  webrtc,  // the WebRTC project's Gaussian-mixture detector (libwebrtc-audio-processing)
};

struct VadOptions {
  VadKind kind = VadKind::webrtc;
  int aggressiveness = 2;  // webrtc only, 0..3: higher calls less sound speech
};

std::unique_ptr<Vad> make_vad(const VadOptions& options);

}  // namespace parley::turn
