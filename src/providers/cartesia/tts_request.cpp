// SPDX-License-Identifier: MIT
#include "providers/cartesia/tts_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "providers/openai/speech_request.h"

namespace parley::providers::cartesia {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kSpeedMin = 0.6;
constexpr double kSpeedMax = 1.5;

std::string voice_of(const TtsOptions& options, const std::string& wanted) {
  if (const auto found = options.voices.find(wanted); found != options.voices.end()) {
    return found->second;
  }
  return wanted.empty() || openai::openai_voices().count(wanted) != 0 ? options.voice : wanted;
}

}  // namespace

std::string tts_path(const TtsOptions& options) {
  return options.word_times ? "/tts/sse" : "/tts/bytes";
}

std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request) {
  Json body = {
      {"model_id", options.model},
      {"transcript", request.text},
      {"voice", {{"mode", "id"}, {"id", voice_of(options, request.voice)}}},
      {"output_format",
       {{"container", "raw"}, {"encoding", "pcm_s16le"}, {"sample_rate", options.pcm_rate_hz}}}};
  const std::string& language = request.language.empty() ? options.language : request.language;
  if (!language.empty()) body["language"] = language;
  Json manner = Json::object();
  if (request.speed < 1.0 || request.speed > 1.0) {
    manner["speed"] = std::clamp(request.speed, kSpeedMin, kSpeedMax);
  }
  if (options.volume) manner["volume"] = *options.volume;
  if (!options.emotion.empty()) manner["emotion"] = options.emotion;
  if (!manner.empty()) body["generation_config"] = std::move(manner);
  if (options.word_times) body["add_timestamps"] = true;
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::providers::cartesia
