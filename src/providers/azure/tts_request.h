// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/types.h"

namespace parley::providers::azure {

// One engine's settings, read from its section; immutable afterwards.
struct TtsOptions {
  std::string voice = "en-US-AvaMultilingualNeural";  // for names that are none of the service's
  std::map<std::string, std::string> voices;          // a client's name: the service's
  std::string language;  // to be spoken, as "de-DE"; empty: the voice's own
  std::string style;     // such as "cheerful"; empty: none
  int pcm_rate_hz = 24000;
  std::string deployment;  // of a custom voice; empty: none
};

// "/cognitiveservices/v1", behind the base URL.
// Source: learn.microsoft.com/azure/ai-services/speech-service/rest-text-to-speech
std::string tts_path(const TtsOptions& options);
// The header X-Microsoft-OutputFormat: samples without a header around them.
std::string tts_format(int pcm_rate_hz);
// The request's body. What XML cannot hold is left out of the text.
std::string tts_ssml(const TtsOptions& options, const engine::TtsRequest& request);

// The language that a voice's name begins with: "en-US-JennyNeural" has "en-US"; empty: none.
std::string voice_language(std::string_view voice);
// `text` for the inside of an XML element or attribute (XML 1.0 §2.2, §2.4). What is no UTF-8, and
// no character of XML, is dropped.
std::string xml_text(std::string_view text);

}  // namespace parley::providers::azure
