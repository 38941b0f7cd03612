// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::cartesia {

// One engine's settings, read from its section; immutable afterwards.
struct TtsOptions {
  std::string model = "sonic-3";
  std::string voice = "f786b574-daa5-4673-aa0c-cbe3e8534c02";  // for OpenAI's names, and for none
  std::map<std::string, std::string> voices;                   // a client's name: the voice's id
  std::string version = "2026-03-01";                          // of the service's API
  std::string language;  // for requests that name none; empty: the service's default
  std::string emotion;   // empty: the voice's own
  std::optional<double> volume;
  bool word_times = true;  // events in place of bare sound
  int pcm_rate_hz = 24000;
  base::RawJson extra_body;  // merged over the request; null removes a key
};

// Behind the base URL.
// Source: docs.cartesia.ai/api-reference/tts/sse and …/tts/bytes
std::string tts_path(const TtsOptions& options);
std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request);

}  // namespace parley::providers::cartesia
