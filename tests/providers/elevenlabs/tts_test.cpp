// SPDX-License-Identifier: MIT
// Requests to ElevenLabs, and the section that configures them. What the network does to the
// answers is the speech contract test's.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "providers/elevenlabs/tts_request.h"
#include "providers/registry.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::elevenlabs::is_voice_id;
using providers::elevenlabs::tts_body;
using providers::elevenlabs::tts_path;
using providers::elevenlabs::TtsOptions;

engine::TtsRequest saying(const std::string& voice) { return {"Hello.", voice}; }

TEST_CASE("the voice's id and the format are in the address") {
  TtsOptions options;
  options.voices = {{"echo", "EchoId"}};
  const auto path_for = [&](const std::string& voice) { return tts_path(options, saying(voice)); };
  const std::string fallback =
      "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/stream?output_format=pcm_24000";
  CHECK(path_for("echo") == "/v1/text-to-speech/EchoId/stream?output_format=pcm_24000");
  CHECK(path_for("SomeId_1") == "/v1/text-to-speech/SomeId_1/stream?output_format=pcm_24000");
  CHECK(path_for("alloy") == fallback);
  CHECK(path_for("") == fallback);
  options.pcm_rate_hz = 16000;
  CHECK(path_for("echo").ends_with("pcm_16000"));
}

TEST_CASE("a voice name never leads to another address") {
  for (const std::string name : {"..", "a/b", "a?b", "a#b", "a%2fb", "a b", "ä", "a\nb"}) {
    CAPTURE(name);
    CHECK_FALSE(is_voice_id(name));
    CHECK(tts_path(TtsOptions{}, saying(name)) == tts_path(TtsOptions{}, saying("")));
  }
  CHECK_FALSE(is_voice_id(std::string(129, 'a')));
}

TEST_CASE("a request says what was configured and wished, and nothing else") {
  TtsOptions options;
  engine::TtsRequest request = saying("alloy");
  CHECK(json::parse(tts_body(options, request)) ==
        json{{"text", "Hello."}, {"model_id", "eleven_flash_v2_5"}});
  options.stability = 0.5;
  options.similarity_boost = 0.75;
  options.style = 0.25;
  options.extra_body = {R"({"seed": 7})"};
  request.speed = 1.5;  // more than the service takes
  request.language = "de";
  request.previous_text = "Before.";
  CHECK(json::parse(tts_body(options, request)) == json::parse(R"({
    "text": "Hello.", "model_id": "eleven_flash_v2_5", "seed": 7, "language_code": "de",
    "previous_text": "Before.", "voice_settings":
      {"stability": 0.5, "similarity_boost": 0.75, "style": 0.25, "speed": 1.2}})"));
}

TEST_CASE("each model gets only what it takes") {
  TtsOptions options;
  engine::TtsRequest request = saying("alloy");
  request.language = "de";
  request.previous_text = "Before.";
  options.model = "eleven_multilingual_v2";
  CHECK(json::parse(tts_body(options, request)).count("language_code") == 0);
  options.model = "eleven_v3";
  CHECK(json::parse(tts_body(options, request)).count("previous_text") == 0);
  CHECK(json::parse(tts_body(options, request))["language_code"] == "de");
}

TEST_CASE("mistakes in the section are told") {
  providers::embedded::WorkerPool pool(1);
  const auto made = [&](std::map<std::string, std::string> options) {
    auto engine = providers::make_tts({"tts", "mine", "elevenlabs", std::move(options), {}}, pool);
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made({{"api_key", "k"}}) ==
        "ElevenLabs, model eleven_flash_v2_5 at https://api.elevenlabs.io");
  CHECK(made({}) == "tts.mine.api_key: is missing: api.elevenlabs.io asks for one");
  CHECK(made({{"api_key", "k"}, {"voice", "a/b"}}) == "tts.mine.voice: must be a voice's id");
  CHECK(made({{"api_key", "k"}, {"voices", "alloy = a/b"}}) ==
        "tts.mine.voices: 'a/b' cannot be a voice's id");
  CHECK(made({{"api_key", "k"}, {"pcm_rate", "11025"}})
            .starts_with("tts.mine.pcm_rate: '11025' is unknown; valid: 8000, "));
  CHECK(made({{"api_key", "k"}, {"stability", "2"}}) ==
        "tts.mine.stability: '2' is not a number from 0 to 1");
}

}  // namespace
}  // namespace parley::tests
