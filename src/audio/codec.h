// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/audio_format.h"

namespace parley::audio {

// Wire bytes to samples and back: PCM16 little-endian, and ITU-T G.711 µ-law and A-law.
// decode() takes whole samples only (an even number of bytes for pcm16). Both append.
void decode(base::AudioEncoding encoding, std::span<const std::uint8_t> bytes,
            std::vector<std::int16_t>& out);
void encode(base::AudioEncoding encoding, std::span<const std::int16_t> samples,
            std::vector<std::uint8_t>& out);

}  // namespace parley::audio
