// SPDX-License-Identifier: MIT
#include "providers/minimax/tts_request.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "providers/openai/speech_request.h"

namespace parley::providers::minimax {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kSpeedMin = 0.5;
constexpr double kSpeedMax = 2.0;

// The service names languages in English. Others are left to it.
constexpr std::array<std::pair<std::string_view, const char*>, 32> kLanguages = {{
    {"ar", "Arabic"},  {"bg", "Bulgarian"}, {"ca", "Catalan"},    {"cs", "Czech"},
    {"da", "Danish"},  {"de", "German"},    {"el", "Greek"},      {"en", "English"},
    {"es", "Spanish"}, {"fi", "Finnish"},   {"fr", "French"},     {"he", "Hebrew"},
    {"hi", "Hindi"},   {"hr", "Croatian"},  {"hu", "Hungarian"},  {"id", "Indonesian"},
    {"it", "Italian"}, {"ja", "Japanese"},  {"ko", "Korean"},     {"ms", "Malay"},
    {"nl", "Dutch"},   {"pl", "Polish"},    {"pt", "Portuguese"}, {"ro", "Romanian"},
    {"ru", "Russian"}, {"sk", "Slovak"},    {"sv", "Swedish"},    {"th", "Thai"},
    {"tr", "Turkish"}, {"uk", "Ukrainian"}, {"vi", "Vietnamese"}, {"zh", "Chinese"},
}};

std::string language_of(const TtsOptions& options, std::string_view wanted) {
  const auto* found = std::find_if(kLanguages.begin(), kLanguages.end(),
                                   [&](const auto& entry) { return entry.first == wanted; });
  if (found != kLanguages.end()) return found->second;
  return options.language_boost.empty() ? "auto" : options.language_boost;
}

std::string voice_of(const TtsOptions& options, const std::string& wanted) {
  if (const auto found = options.voices.find(wanted); found != options.voices.end()) {
    return found->second;
  }
  return wanted.empty() || openai::openai_voices().count(wanted) != 0 ? options.voice : wanted;
}

}  // namespace

std::string tts_path(const TtsOptions& options) {
  return "/v1/t2a_v2" + (options.group_id.empty() ? "" : "?GroupId=" + options.group_id);
}

std::string tts_body(const TtsOptions& options, const engine::TtsRequest& request) {
  Json voice = {{"voice_id", voice_of(options, request.voice)},
                {"speed", std::clamp(request.speed, kSpeedMin, kSpeedMax)},
                {"vol", options.volume},
                {"pitch", options.pitch}};
  if (!options.emotion.empty()) voice["emotion"] = options.emotion;
  Json body = {
      {"model", options.model},
      {"text", request.text},
      {"stream", true},
      // The last event would hold the whole sound once more.
      {"stream_options", {{"exclude_aggregated_audio", true}}},
      {"voice_setting", std::move(voice)},
      {"audio_setting", {{"sample_rate", options.pcm_rate_hz}, {"format", "pcm"}, {"channel", 1}}},
      {"language_boost", language_of(options, request.language)},
      {"output_format", "hex"},
  };
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::providers::minimax
