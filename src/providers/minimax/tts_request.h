// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::minimax {

// One engine's settings, read from its section; immutable afterwards.
struct TtsOptions {
  std::string model = "speech-2.6-turbo";
  std::string voice = "Calm_Woman";           // for OpenAI's names, and for none
  std::map<std::string, std::string> voices;  // a client's name: the voice's id
  std::string group_id;                       // of older accounts; empty: not sent
  std::string emotion;                        // empty: the voice's own
  double volume = 1;
  int pitch = 0;               // in half tones
  std::string language_boost;  // for requests that name no language; empty: "auto"
  int pcm_rate_hz = 24000;
  base::RawJson extra_body;  // merged over the request; null removes a key
};

// Behind the base URL.
// Source: platform.minimax.io, "T2A v2 (HTTP)".
std::string tts_path(const TtsOptions& options);
std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request);

}  // namespace parley::providers::minimax
