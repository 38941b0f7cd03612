// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::elevenlabs {

// One engine's settings, read from its section; immutable afterwards.
struct TtsOptions {
  std::string model = "eleven_flash_v2_5";
  std::string voice = "21m00Tcm4TlvDq8ikWAM";  // the id for names that are no ids
  std::map<std::string, std::string> voices;   // a client's name: the id
  std::optional<double> stability;
  std::optional<double> similarity_boost;
  std::optional<double> style;
  int pcm_rate_hz = 24000;
  bool websocket = false;    // in place of one HTTP request
  bool word_times = true;    // over HTTP: messages with times in place of bare sound
  base::RawJson extra_body;  // merged over the request; null removes a key
};

// Can it be the id of a voice? Ids become part of an address.
bool is_voice_id(std::string_view text);

// Behind the base URL: the voice's id and the format are in the address.
// Source: elevenlabs.io/docs/api-reference/text-to-speech/stream
std::string tts_path(const TtsOptions& options, const engine::TtsRequest& request);
std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request);

// The same over a WebSocket: the settings, the text, and that no more will come.
// Source: elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
std::string tts_socket_path(const TtsOptions& options, const engine::TtsRequest& request);
std::vector<std::string> tts_messages(const TtsOptions& options, const engine::TtsRequest& request);

}  // namespace parley::providers::elevenlabs
