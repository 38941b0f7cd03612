// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::audio {

struct Wav {
  int rate_hz = 0;
  std::vector<std::int16_t> samples;  // mono; several channels are averaged
};

// RIFF/WAVE: PCM 8/16/24/32 bit, 32-bit float, G.711 µ-law and A-law; WAVE_FORMAT_EXTENSIBLE.
// Unknown chunks are skipped, a data chunk longer than the file (or 0xFFFFFFFF, as streams write
// it) ends with the file. Errors: code "invalid_wav", message says what is wrong.
base::Result<Wav> parse_wav(std::string_view bytes);

// A complete 16-bit mono file.
std::string write_wav(std::span<const std::int16_t> samples, int rate_hz);

}  // namespace parley::audio
