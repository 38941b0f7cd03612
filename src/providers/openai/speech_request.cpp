// SPDX-License-Identifier: MIT
#include "providers/openai/speech_request.h"

#include <nlohmann/json.hpp>

namespace parley::providers::openai {

namespace {

using Json = nlohmann::ordered_json;

std::string voice_of(const SpeechOptions& options, const std::string& wanted) {
  if (const auto found = options.voices.find(wanted); found != options.voices.end()) {
    return found->second;
  }
  if (options.voice.empty()) return wanted;
  return wanted.empty() || openai_voices().count(wanted) != 0 ? options.voice : wanted;
}

}  // namespace

const std::set<std::string>& openai_voices() {
  static const std::set<std::string> names = {"alloy", "ash",     "ballad", "cedar", "coral",
                                              "echo",  "fable",   "marin",  "nova",  "onyx",
                                              "sage",  "shimmer", "verse"};
  return names;
}

std::string speech_request(const SpeechOptions& options, const engine::TtsRequest& request) {
  Json body = {{"model", options.model}, {"input", request.text}};
  if (const std::string voice = voice_of(options, request.voice); !voice.empty()) {
    body["voice"] = voice;
  }
  body["response_format"] = options.format;
  if (!options.instructions.empty()) body["instructions"] = options.instructions;
  // Some models refuse the parameter itself.
  if (request.speed < 1.0 || request.speed > 1.0) body["speed"] = request.speed;
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  // What a user said may come back with bytes that are no UTF-8.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::providers::openai
