// SPDX-License-Identifier: MIT
#include "providers/elevenlabs/tts_request.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "providers/openai/speech_request.h"

namespace parley::providers::elevenlabs {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kSpeedMin = 0.7;
constexpr double kSpeedMax = 1.2;
constexpr std::size_t kIdCharsMax = 128;

std::string voice_of(const TtsOptions& options, const std::string& wanted) {
  if (const auto found = options.voices.find(wanted); found != options.voices.end()) {
    return found->second;
  }
  const bool foreign = openai::openai_voices().count(wanted) != 0;
  return foreign || !is_voice_id(wanted) ? options.voice : wanted;
}

// Other models answer with an error.
bool takes_language(std::string_view model) {
  return model.ends_with("_v2_5") || model.starts_with("eleven_v3");
}
bool takes_previous_text(std::string_view model) { return !model.starts_with("eleven_v3"); }

std::string voice_path(const TtsOptions& options, const engine::TtsRequest& request) {
  return "/v1/text-to-speech/" + voice_of(options, request.voice);
}
std::string output_format(const TtsOptions& options) {
  return "?output_format=pcm_" + std::to_string(options.pcm_rate_hz);
}

Json voice_settings(const TtsOptions& options, const engine::TtsRequest& request) {
  Json settings = Json::object();
  if (options.stability) settings["stability"] = *options.stability;
  if (options.similarity_boost) settings["similarity_boost"] = *options.similarity_boost;
  if (options.style) settings["style"] = *options.style;
  if (request.speed < 1.0 || request.speed > 1.0) {
    settings["speed"] = std::clamp(request.speed, kSpeedMin, kSpeedMax);
  }
  return settings;
}

std::string sendable(Json& message, const TtsOptions& options) {
  if (options.extra_body.present()) {
    message.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

bool is_voice_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdCharsMax &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

std::string tts_path(const TtsOptions& options, const engine::TtsRequest& request) {
  return voice_path(options, request) +
         (options.word_times ? "/stream/with-timestamps" : "/stream") + output_format(options);
}

std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request) {
  Json body = {{"text", request.text}, {"model_id", options.model}};
  if (Json settings = voice_settings(options, request); !settings.empty()) {
    body["voice_settings"] = std::move(settings);
  }
  if (!request.language.empty() && takes_language(options.model)) {
    body["language_code"] = request.language;
  }
  if (!request.previous_text.empty() && takes_previous_text(options.model)) {
    body["previous_text"] = request.previous_text;
  }
  return sendable(body, options);
}

std::string tts_socket_path(const TtsOptions& options, const engine::TtsRequest& request) {
  std::string path = voice_path(options, request) + "/stream-input" + output_format(options) +
                     "&model_id=" + options.model;
  // What is sent is whole clauses, which need no waiting for more.
  path += "&auto_mode=true";
  if (options.word_times) path += "&sync_alignment=true";
  if (is_voice_id(request.language) && takes_language(options.model)) {
    path += "&language_code=" + request.language;
  }
  return path;
}

std::vector<std::string> tts_messages(const TtsOptions& options,
                                      const engine::TtsRequest& request) {
  Json first = {{"text", " "}};
  if (Json settings = voice_settings(options, request); !settings.empty()) {
    first["voice_settings"] = std::move(settings);
  }
  // Each piece of text ends with a space; an empty one ends the utterance.
  const Json text = {{"text", request.text + " "}, {"flush", true}};
  const Json last = {{"text", ""}};
  return {sendable(first, options), text.dump(-1, ' ', false, Json::error_handler_t::replace),
          last.dump()};
}

}  // namespace parley::providers::elevenlabs
