// SPDX-License-Identifier: MIT
// Requests to Cartesia, its events, and the section that configures them. What the network does to
// the answers is the contract test's.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "providers/cartesia/tts_engine.h"
#include "providers/cartesia/tts_request.h"
#include "providers/cartesia/tts_stream.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::cartesia::make_tts;
using providers::cartesia::make_tts_decoder;
using providers::cartesia::tts_body;
using providers::cartesia::tts_path;
using providers::cartesia::TtsOptions;

TEST_CASE("a request to Cartesia says what was configured and wished, and nothing else") {
  TtsOptions options;
  engine::TtsRequest request{"Hello.", "alloy"};
  CHECK(json::parse(tts_body(options, request)) == json::parse(R"({
    "model_id": "sonic-3", "transcript": "Hello.", "add_timestamps": true,
    "voice": {"mode": "id", "id": "f786b574-daa5-4673-aa0c-cbe3e8534c02"},
    "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}})"));
  CHECK(tts_path(options) == "/tts/sse");
  options.word_times = false;
  options.voices = {{"echo", "id-of-echo"}};
  options.volume = 1.5;
  options.emotion = "calm";
  options.language = "en";
  options.extra_body = {R"({"pronunciation_dict_id": "d"})"};
  request.voice = "echo";
  request.speed = 3;
  json body = json::parse(tts_body(options, request));
  CHECK(tts_path(options) == "/tts/bytes");
  CHECK(body["voice"]["id"] == "id-of-echo");
  CHECK(body["generation_config"] == json{{"speed", 1.5}, {"volume", 1.5}, {"emotion", "calm"}});
  CHECK(body["language"] == "en");
  CHECK(body["pronunciation_dict_id"] == "d");
  CHECK(body.count("add_timestamps") == 0);
  request.language = "de";
  CHECK(json::parse(tts_body(options, request))["language"] == "de");
}

std::vector<engine::TtsEvent> read(const std::string& text,
                                   const std::vector<std::string>& messages) {
  auto endpoint = std::make_shared<providers::remote::Endpoint>();
  endpoint->engine = "tts.mine";
  const auto decoder = make_tts_decoder(endpoint, text, 8000);
  std::vector<engine::TtsEvent> out;
  for (const auto& message : messages) {
    if (!providers::openai::is_over(out)) decoder->on_message(message, out);
  }
  if (!providers::openai::is_over(out)) decoder->on_end(out);
  return out;
}

const std::string kChunk = R"({"type": "chunk", "data": "AQACAA=="})";
const std::string kDone = R"({"type": "done", "done": true})";

std::string words(const std::string& list, const std::string& starts, const std::string& ends) {
  return R"({"type": "timestamps", "word_timestamps": {"words": )" + list + R"(, "start": )" +
         starts + R"(, "end": )" + ends + "}}";
}

TEST_CASE("the first sound waits for the first words, and later words come with all before them") {
  const auto events =
      read("Hello, big world!", {kChunk, words(R"(["Hello,", "big"])", "[0, 0.4]", "[0.3, 0.6]"),
                                 kChunk, words(R"(["world!"])", "[0.7]", "[1.0]"), kChunk, kDone});
  REQUIRE(events.size() == 5);
  CHECK(std::get<engine::TtsWords>(events[0]).words.size() == 2);
  CHECK((std::get<engine::TtsAudio>(events[1]).samples == std::vector<std::int16_t>{1, 2, 1, 2}));
  const auto& all = std::get<engine::TtsWords>(events[2]).words;
  REQUIRE(all.size() == 3);
  CHECK(all[1].text_begin == 7);
  CHECK(all[2].text_begin == 11);
  CHECK(all[2].text_end == 16);
  CHECK(all[2].start_ms == 700);
  CHECK(all[2].end_ms == 1000);
  CHECK(std::holds_alternative<engine::TtsAudio>(events[3]));
  CHECK(std::holds_alternative<engine::TtsDone>(events[4]));
}

TEST_CASE("sound does not wait long for words, which are then left out") {
  std::vector<std::string> messages(600, R"({"type": "chunk", "data": "AQACAAMABAA="})");
  messages.push_back(words(R"(["Hello"])", "[0]", "[0.3]"));
  messages.push_back(kDone);
  const auto events = read("Hello", messages);
  CHECK(std::get<engine::TtsAudio>(events[0]).samples.size() == 2004);  // just over 250 ms
  for (const auto& event : events) CHECK_FALSE(std::holds_alternative<engine::TtsWords>(event));
  CHECK(std::holds_alternative<engine::TtsDone>(events.back()));
}

TEST_CASE("words that the text does not have, and times that are none, are passed over") {
  const auto events = read("I have 5 of five.", {words(R"(["I", "have", "cinq", 7, "of", "FIVE."])",
                                                       R"([0, -1, 0.2, 0.3, "x", 0.5])",
                                                       "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]"),
                                                 kChunk, kDone});
  const auto& told = std::get<engine::TtsWords>(events[0]).words;
  REQUIRE(told.size() == 2);
  CHECK(told[0].text_end == 1);
  CHECK(told[1].text_begin == 12);
}

TEST_CASE("errors among the events are told with their meaning") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"type": "error", "status_code": 429, "error_code": "concurrency_limited",
           "title": "Slow down"})",
       "tts.mine asks for fewer requests (HTTP 429): Slow down"},
      {R"({"type": "error", "error_code": null, "message": "Oh"})", "tts.mine failed: Oh"},
      {"{}", "tts.mine sent an event that is not known"},
      {"[]", "tts.mine sent text that is no JSON"},
      {R"({"type": "chunk", "data": "?"})", "tts.mine sent sound that is not base64"},
      {kDone, "tts.mine answered without any sound"},
      {R"({"type": "flush_done"})", "tts.mine ended its answer too early"},
  };
  for (const auto& [message, told] : cases) {
    const auto events = read("Hi", {message});
    REQUIRE(events.size() == 1);
    CHECK(std::get<engine::Failure>(events[0]).message == told);
  }
}

TEST_CASE("mistakes in Cartesia's section are told") {
  const auto made = [&](std::map<std::string, std::string> options) {
    auto engine = make_tts({"tts", "mine", "cartesia", std::move(options), {}});
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made({{"api_key", "k"}}) == "Cartesia, model sonic-3 at https://api.cartesia.ai");
  CHECK(made({}) == "tts.mine.api_key: is missing: api.cartesia.ai asks for one");
  CHECK(made({{"api_key", "k"}, {"version", ""}}) ==
        "tts.mine.version: is empty: the service asks for one");
  CHECK(made({{"api_key", "k"}, {"volume", "3"}}) ==
        "tts.mine.volume: '3' is not a number from 0.5 to 2");
  CHECK(made({{"api_key", "k"}, {"pcm_rate", "11025"}})
            .starts_with("tts.mine.pcm_rate: '11025' is unknown; valid: 8000, "));
}

}  // namespace
}  // namespace parley::tests
