// SPDX-License-Identifier: MIT
// G.711: decoding tables made at compile time, encoding by the segment's number.
#include "audio/detail/g711.h"

#include <algorithm>
#include <bit>

namespace parley::audio::detail {
namespace {

constexpr int kUlawBias = 33;  // in 14-bit steps; makes every segment start at a power of two
constexpr int kUlawMax = 0x1FFF;

constexpr std::int16_t ulaw_level(int code) {
  const int inverted = ~code;
  const int exponent = inverted >> 4 & 7;
  const int step = 8 << exponent;
  const int magnitude = (0x80 << exponent) + step * (inverted & 0xF) + step / 2 - 4 * kUlawBias;
  return static_cast<std::int16_t>(code < 0x80 ? -magnitude : magnitude);
}

constexpr std::int16_t alaw_level(int code) {
  const int toggled = (code ^ 0x55) & 0x7F;
  const int exponent = toggled >> 4;
  const int mantissa = (toggled & 0xF) + (exponent > 0 ? 16 : 0);
  const int magnitude = (mantissa * 16 + 8) << (exponent > 1 ? exponent - 1 : 0);
  return static_cast<std::int16_t>(code < 0x80 ? -magnitude : magnitude);
}

template <std::int16_t (*kLevel)(int)>
constexpr std::array<std::int16_t, 256> make_levels() {
  std::array<std::int16_t, 256> levels{};
  for (int code = 0; code < 256; ++code) {
    levels[static_cast<std::size_t>(code)] = kLevel(code);
  }
  return levels;
}

// The size of a sample as G.191 takes it: one's complement for negatives, so that the two signs
// mirror each other without a case for -32768.
constexpr int magnitude_of(std::int16_t sample) { return sample < 0 ? ~sample : sample; }

}  // namespace

constexpr std::array<std::int16_t, 256> kUlawLevels = make_levels<ulaw_level>();
constexpr std::array<std::int16_t, 256> kAlawLevels = make_levels<alaw_level>();

std::uint8_t ulaw_encode(std::int16_t sample) {
  const int biased = std::min((magnitude_of(sample) >> 2) + kUlawBias, kUlawMax);
  const int segment = std::bit_width(static_cast<unsigned>(biased)) - 5;  // 1..8
  const int code = (8 - segment) << 4 | (0xF - (biased >> segment & 0xF));
  return static_cast<std::uint8_t>(sample >= 0 ? code | 0x80 : code);
}

std::uint8_t alaw_encode(std::int16_t sample) {
  int code = magnitude_of(sample) >> 4;
  if (code > 15) {
    const int exponent = std::bit_width(static_cast<unsigned>(code)) - 4;  // 1..7
    code = (code >> (exponent - 1)) - 16 + (exponent << 4);
  }
  return static_cast<std::uint8_t>((sample >= 0 ? code | 0x80 : code) ^ 0x55);
}

}  // namespace parley::audio::detail
