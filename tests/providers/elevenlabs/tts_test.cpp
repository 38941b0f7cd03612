// SPDX-License-Identifier: MIT
// Requests to ElevenLabs, and the section that configures them. What the network does to the
// answers is the speech contract test's.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "providers/elevenlabs/tts_request.h"
#include "providers/elevenlabs/tts_stream.h"
#include "providers/registry.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::elevenlabs::is_voice_id;
using providers::elevenlabs::make_tts_decoder;
using providers::elevenlabs::tts_body;
using providers::elevenlabs::tts_messages;
using providers::elevenlabs::tts_path;
using providers::elevenlabs::tts_socket_path;
using providers::elevenlabs::TtsForm;
using providers::elevenlabs::TtsOptions;

engine::TtsRequest saying(const std::string& voice) { return {"Hello.", voice}; }

TEST_CASE("the voice's id and the format are in the address") {
  TtsOptions options;
  options.voices = {{"echo", "EchoId"}};
  options.word_times = false;
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

TEST_CASE("word times come over an address of their own, and a WebSocket over another one") {
  TtsOptions options;
  engine::TtsRequest request = saying("SomeId");
  request.language = "de";
  CHECK(tts_path(options, request) ==
        "/v1/text-to-speech/SomeId/stream/with-timestamps?output_format=pcm_24000");
  CHECK(tts_socket_path(options, request) ==
        "/v1/text-to-speech/SomeId/stream-input?output_format=pcm_24000"
        "&model_id=eleven_flash_v2_5&auto_mode=true&sync_alignment=true&language_code=de");
  request.language = "d&x=1";
  CHECK(tts_socket_path(options, request).find("language_code") == std::string::npos);
}

TEST_CASE("a WebSocket is told the settings, the text, and that this was all") {
  TtsOptions options;
  options.stability = 0.5;
  options.extra_body = {R"({"generation_config": {"chunk_length_schedule": [50]}})"};
  const auto messages = tts_messages(options, saying("alloy"));
  REQUIRE(messages.size() == 3);
  CHECK(json::parse(messages[0]) == json::parse(R"({"text": " ", "voice_settings":
    {"stability": 0.5}, "generation_config": {"chunk_length_schedule": [50]}})"));
  CHECK(json::parse(messages[1]) == json::parse(R"({"text": "Hello. ", "flush": true})"));
  CHECK(json::parse(messages[2]) == json::parse(R"({"text": ""})"));
}

std::vector<engine::TtsEvent> read(TtsForm form, const std::string& text,
                                   const std::vector<std::string>& messages) {
  auto endpoint = std::make_shared<providers::remote::Endpoint>();
  endpoint->engine = "tts.mine";
  const auto decoder = make_tts_decoder(endpoint, text, 1000, form);
  std::vector<engine::TtsEvent> out;
  for (const auto& message : messages) {
    if (!providers::openai::is_over(out)) decoder->on_message(message, out);
  }
  if (!providers::openai::is_over(out)) decoder->on_end(out);
  return out;
}

// "begin-end@start-end …" of the last word list.
std::string words_in(const std::vector<engine::TtsEvent>& events) {
  std::string told;
  for (const auto& event : events) {
    const auto* words = std::get_if<engine::TtsWords>(&event);
    if (words == nullptr) continue;
    told.clear();
    for (const auto& word : words->words) {
      told += std::to_string(word.text_begin) + "-" + std::to_string(word.text_end) + "@" +
              std::to_string(word.start_ms) + "-" + std::to_string(word.end_ms) + " ";
    }
  }
  return told;
}

TEST_CASE("characters become words, also those that two messages share") {
  const auto http = read(TtsForm::http, "Hi, you",
                         {R"({"audio_base64": "AQACAA==", "alignment": {"characters":
      ["H", "i", ",", " ", "y"], "character_start_times_seconds": [0, 0.1, 0.2, 0.3, 0.4],
      "character_end_times_seconds": [0.1, 0.2, 0.3, 0.4, 0.5]}})",
                          R"({"audio_base64": "AQACAA==", "alignment": {"characters": ["o", "u"],
      "character_start_times_seconds": [0.5, 0.6],
      "character_end_times_seconds": [0.6, 0.7]}})"});
  CHECK(words_in(http) == "0-2@0-300 4-7@400-700 ");
  REQUIRE(http.size() == 5);
  CHECK(std::holds_alternative<engine::TtsWords>(http[2]));  // before the sound it is in
  CHECK(std::holds_alternative<engine::TtsDone>(http[4]));
  // Here times count from each message's own sound: two samples of a millisecond each.
  for (const std::string name : {"char", "chars"}) {
    const auto socket =
        read(TtsForm::websocket, "Hi yo",
             {R"({"audio": "AQACAA==", "alignment": {"chars": ["H", "i"], ")" + name +
                  R"(StartTimesMs": [0, 1], ")" + name + R"(DurationsMs": [1, 1]}})",
              R"({"audio": "AQACAA==", "isFinal": null, "alignment": {"chars":
                                  [" ", "y", "o"], ")" +
                  name + R"(StartTimesMs": [0, 0, 1], ")" + name + R"(DurationsMs": [0, 1, 1]}})",
              R"({"audio": null, "isFinal": true})"});
    CHECK(words_in(socket) == "0-2@0-2 3-5@2-4 ");
    CHECK(std::holds_alternative<engine::TtsDone>(socket.back()));
  }
}

TEST_CASE("sound without times is played all the same") {
  const auto events = read(TtsForm::websocket, "Hi",
                           {R"({"audio": "AQACAA==", "alignment": null})", R"({"isFinal": true})"});
  REQUIRE(events.size() == 2);
  CHECK((std::get<engine::TtsAudio>(events[0]).samples == std::vector<std::int16_t>{1, 2}));
}

TEST_CASE("messages that are no sound end in a reason") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"message": "You have 0 credits left.", "error": "quota_exceeded", "code": 1008})",
       "tts.mine has no quota left for us: You have 0 credits left."},
      {R"({"message": "No.", "error": "voice_id_does_not_exist", "code": 1008})",
       "tts.mine does not know what was asked for: No."},
      {R"({"detail": {"status": "system_busy", "message": "Later."}})",
       "tts.mine is overloaded: Later."},
      {"[1]", "tts.mine sent text that is no JSON"},
      {R"({"audio": "?"})", "tts.mine sent sound that is not base64"},
      {R"({"isFinal": true})", "tts.mine answered without any sound"},
      {R"({"type": "flush_done"})", "tts.mine ended its answer too early"},
  };
  for (const auto& [message, told] : cases) {
    const auto events = read(TtsForm::websocket, "Hi", {message});
    REQUIRE(events.size() == 1);
    CHECK(std::get<engine::Failure>(events[0]).message == told);
  }
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
  CHECK(made({{"api_key", "k"}, {"mode", "pigeon"}}) ==
        "tts.mine.mode: 'pigeon' is unknown; valid: http, websocket");
  CHECK(made({{"api_key", "k"}, {"mode", "websocket"}, {"model", "a&b"}}) ==
        "tts.mine.model: cannot be a model's id");
  CHECK(made({{"api_key", "k"}, {"stability", "2"}}) ==
        "tts.mine.stability: '2' is not a number from 0 to 1");
}

}  // namespace
}  // namespace parley::tests
