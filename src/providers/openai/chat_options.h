// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/raw_json.h"

namespace parley::providers::openai {

// The servers that speak chat completions and the ways in which they differ. One engine's settings,
// read from its section; immutable afterwards.
struct ChatOptions {
  enum class Flavour : std::uint8_t { openai, azure, llamacpp, ollama, vllm };
  // How sound is put into a message: OpenAI's base64 with a format, the same with a data: URL
  // (DashScope), or vLLM's audio_url part.
  enum class AudioInput : std::uint8_t { none, base64, data_url, audio_url };

  Flavour flavour = Flavour::openai;
  std::string model;                      // empty: what the client asked for
  std::string deployment;                 // azure
  std::string api_version;                // azure; empty: its v1 API, which knows no versions
  std::string limit_name = "max_tokens";  // or "max_completion_tokens"
  std::optional<int> max_tokens;          // when the session sets no limit
  std::optional<double> temperature;      // when the session sets none
  std::string reasoning_effort;           // likewise
  std::optional<bool> thinking;           // unset: as the model likes
  std::string keep_alive;                 // ollama: how long the model stays loaded
  AudioInput audio_input = AudioInput::none;
  bool audio_output = false;
  std::string audio_format = "pcm16";  // of the answer
  std::string voice;                   // instead of the session's; empty: the session's
  base::RawJson extra_body;            // merged over the request; null removes a key
};

}  // namespace parley::providers::openai
