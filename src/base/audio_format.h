// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace parley::base {

enum class AudioEncoding : std::uint8_t {
  pcm16,      // signed 16-bit little-endian
  g711_ulaw,  // ITU-T G.711 µ-law, one byte a sample
  g711_alaw,  // ITU-T G.711 A-law, one byte a sample
};

// What audio looks like on a wire. Always mono.
struct AudioFormat {
  AudioEncoding encoding = AudioEncoding::pcm16;
  int rate_hz = 24000;

  int bytes_per_sample() const { return encoding == AudioEncoding::pcm16 ? 2 : 1; }
  friend bool operator==(AudioFormat, AudioFormat) = default;
};

}  // namespace parley::base
