// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::openai {

// One engine's settings, read from its section; immutable afterwards.
struct SpeechOptions {
  std::string model;
  std::map<std::string, std::string> voices;  // a client's name: the server's
  // In place of OpenAI's other names, and of none; empty: every name is passed on.
  std::string voice;
  std::string instructions;    // how to speak; empty: not sent
  std::string format = "pcm";  // or "wav", "mp3", "opus", "flac"
  int pcm_rate_hz = 24000;     // of raw PCM, unless the answer's type says otherwise
  base::RawJson extra_body;    // merged over the request; null removes a key
};

// OpenAI's voices, which every client of its API may name.
const std::set<std::string>& openai_voices();

// The body of POST …/audio/speech.
// Source: platform.openai.com/docs/api-reference/audio/createSpeech
std::string speech_request(const SpeechOptions& options, const engine::TtsRequest& request);

}  // namespace parley::providers::openai
