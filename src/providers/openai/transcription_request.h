// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/types.h"
#include "net/multipart.h"

// The form of POST …/audio/transcriptions, and of whisper.cpp's /inference. Pure functions.
// https://platform.openai.com/docs/api-reference/audio/createTranscription
namespace parley::providers::openai {

// One engine's settings, read from its section; immutable afterwards.
struct TranscriptionOptions {
  enum class Flavour : std::uint8_t { openai, azure, groq, speaches, vllm, whispercpp };
  enum class Upload : std::uint8_t { wav, webm };

  Flavour flavour = Flavour::openai;
  std::string model;           // empty: none is sent
  bool clients_model = false;  // the client may name another one of OpenAI's
  std::string deployment;      // azure
  std::string api_version;     // azure; empty: its v1 API
  std::string language;        // when the session names none
  std::string prompt;          // likewise
  std::optional<double> temperature;
  std::optional<bool> stream;                 // unset: where it is offered
  std::string response_format;                // empty: the one that tells most
  std::map<std::string, std::string> fields;  // further ones; they win
  Upload upload = Upload::wav;
};

// What is asked of the server, for one request.
struct TranscriptionManner {
  std::string model;
  bool streams = false;
  bool verbose = false;   // verbose_json: segments that say how likely they are silence
  bool logprobs = false;  // of tokens
};
TranscriptionManner manner_of(const TranscriptionOptions& options,
                              const engine::SttRequest& request);

net::Form transcription_form(const TranscriptionOptions& options, const engine::SttRequest& request,
                             std::string_view file);

}  // namespace parley::providers::openai
