// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace parley::relay {

// The server event that makes up nearly all bytes, recognised without building a document. All
// borrow from the frame.
struct AudioDelta {
  std::string_view type;          // response.output_audio.delta, or beta's response.audio.delta
  std::string_view audio_base64;  // not checked to be base64
};

// Accepts a flat object of plain strings (ASCII, no escapes) and whole numbers that is an audio
// delta of either dialect. Everything else is declined, not judged: the parser decides then.
std::optional<AudioDelta> scan_audio_delta(std::string_view frame);

}  // namespace parley::relay
