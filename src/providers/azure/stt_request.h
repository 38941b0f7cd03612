// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace parley::providers::azure {

// One engine's settings, read from its section; immutable afterwards.
struct SttOptions {
  std::string language = "en-US";  // when the session names none, or the same one without a region
  std::string profanity = "raw";   // or "masked", "removed"
  std::string deployment;          // of a custom model; empty: none
  std::vector<std::string> phrases;  // likely ones (stream only)
};

// The service's name of a language that the session names as ISO 639-1: with the region that the
// configuration gives it, else the most usual one. Never empty, and fit for an address.
std::string stt_language(const SttOptions& options, std::string_view wanted);

// Behind the base URL: "/speech/recognition/conversation/cognitiveservices/v1?language=…".
std::string recognition_path(const SttOptions& options, const engine::SttRequest& request);

}  // namespace parley::providers::azure
