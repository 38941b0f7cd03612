// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

// ITU-T G.711 (11/88), sample by sample, scaled to 16 bits: µ-law is a 14-bit code, A-law 13-bit.
// Same results as the ITU-T software tool library (G.191).
namespace parley::audio::detail {

extern const std::array<std::int16_t, 256> kUlawLevels;
extern const std::array<std::int16_t, 256> kAlawLevels;

std::uint8_t ulaw_encode(std::int16_t sample);
std::uint8_t alaw_encode(std::int16_t sample);

}  // namespace parley::audio::detail
