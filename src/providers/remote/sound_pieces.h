// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace parley::providers::remote {

// Sound that comes in base64 pieces inside JSON: raw PCM16, a WAV cut into pieces, or a small WAV
// each time. Pieces may end inside a sample, and inside a group of base64 characters.
class SoundPieces {
 public:
  explicit SoundPieces(int rate_hz) : rate_hz_(rate_hz) {}

  // False when it is neither base64 nor sound. Appends at most one event.
  bool push(std::string_view base64, std::vector<engine::LlmEvent>& out);

 private:
  bool take_bytes(engine::LlmAudio& sound);

  int rate_hz_;  // of raw PCM; a WAV header knows better
  std::string text_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace parley::providers::remote
