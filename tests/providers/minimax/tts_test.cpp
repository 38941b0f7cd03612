// SPDX-License-Identifier: MIT
// Requests to MiniMax, what its answers mean, and the section that configures them. What the
// network does to the answers is the contract test's.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "providers/minimax/tts_engine.h"
#include "providers/minimax/tts_request.h"
#include "providers/minimax/tts_stream.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::minimax::make_tts;
using providers::minimax::make_tts_decoder;
using providers::minimax::tts_body;
using providers::minimax::tts_path;
using providers::minimax::TtsOptions;

TEST_CASE("a request asks for raw samples in a stream, once") {
  engine::TtsRequest request{"Hello.", "marin"};
  CHECK(json::parse(tts_body(TtsOptions{}, request)) == json::parse(R"({
    "model": "speech-2.6-turbo", "text": "Hello.", "stream": true,
    "stream_options": {"exclude_aggregated_audio": true},
    "voice_setting": {"voice_id": "Calm_Woman", "speed": 1.0, "vol": 1.0, "pitch": 0},
    "audio_setting": {"sample_rate": 24000, "format": "pcm", "channel": 1},
    "language_boost": "auto", "output_format": "hex"})"));
}

TEST_CASE("voice, speed, manner and language are as wished, within what the service takes") {
  TtsOptions options;
  options.voices = {{"echo", "Deep_Voice_Man"}};
  options.emotion = "happy";
  options.pitch = -3;
  options.extra_body = {R"({"language_boost": null})"};
  engine::TtsRequest request{"Hallo.", "echo", 4.0};
  json body = json::parse(tts_body(options, request));
  CHECK(body["voice_setting"] == json::parse(R"({"voice_id": "Deep_Voice_Man", "speed": 2.0,
    "vol": 1.0, "pitch": -3, "emotion": "happy"})"));
  CHECK(body.count("language_boost") == 0);
  options.extra_body = {};
  request.language = "de";
  request.voice = "Wise_Woman";
  body = json::parse(tts_body(options, request));
  CHECK(body["language_boost"] == "German");
  CHECK(body["voice_setting"]["voice_id"] == "Wise_Woman");
  request.language = "xx";
  options.language_boost = "Chinese,Yue";
  CHECK(json::parse(tts_body(options, request))["language_boost"] == "Chinese,Yue");
  CHECK(tts_path(options) == "/v1/t2a_v2");
  options.group_id = "17";
  CHECK(tts_path(options) == "/v1/t2a_v2?GroupId=17");
}

std::vector<engine::TtsEvent> read(const std::vector<std::string>& messages) {
  auto endpoint = std::make_shared<providers::remote::Endpoint>();
  endpoint->engine = "tts.mine";
  endpoint->api_key = "hush-hush";
  const auto decoder = make_tts_decoder(endpoint, 24000);
  std::vector<engine::TtsEvent> out;
  for (const auto& message : messages) {
    if (!providers::openai::is_over(out)) decoder->on_message(message, out);
  }
  if (!providers::openai::is_over(out)) decoder->on_end(out);
  return out;
}

TEST_CASE("samples go on over the border between two events") {
  const auto events = read({R"({"data": {"audio": "010203", "status": 1}})",
                            R"({"data": {"audio": "F4", "status": 1}})",
                            R"({"data": {"audio": "010203f4", "status": 2}})"});
  REQUIRE(events.size() == 3);
  CHECK(std::get<engine::TtsAudio>(events[0]).samples == std::vector<std::int16_t>{0x0201});
  CHECK((std::get<engine::TtsAudio>(events[1]).samples ==
         std::vector<std::int16_t>{static_cast<std::int16_t>(0xf403)}));
  CHECK(std::holds_alternative<engine::TtsDone>(events[2]));
}

TEST_CASE("what is no answer ends in a reason without the key") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "tts.mine ended its answer too early"},
      {{"no json"}, "tts.mine sent text that is no JSON"},
      {{"{}"}, "tts.mine sent an event that is not known"},
      {{R"({"data": {"audio": "xy"}})"}, "tts.mine sent sound that is not hexadecimal"},
      {{R"({"data": {"audio": "012"}})"}, "tts.mine sent sound that is not hexadecimal"},
      {{R"({"data": {"audio": "", "status": 2}})"}, "tts.mine answered without any sound"},
      {{R"({"base_resp": {"status_code": 1004, "status_msg": "hush-hush is wrong"}})"},
       "tts.mine refused the key: *** is wrong"},
  };
  for (const auto& [messages, told] : cases) {
    const auto events = read(messages);
    REQUIRE(events.size() == 1);
    CHECK(std::get<engine::Failure>(events[0]).message == told);
  }
}

TEST_CASE("the region decides the host, and mistakes in the section are told") {
  const auto made = [&](std::map<std::string, std::string> options) {
    auto engine = make_tts({"tts", "mine", "minimax", std::move(options), {}});
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made({{"api_key", "k"}}) == "MiniMax, model speech-2.6-turbo at https://api.minimax.io");
  CHECK(made({{"api_key", "k"}, {"region", "china"}}) ==
        "MiniMax, model speech-2.6-turbo at https://api.minimaxi.com");
  CHECK(made({{"api_key", "k"}, {"region", "china"}, {"base_url", "http://127.0.0.1:1"}}) ==
        "MiniMax, model speech-2.6-turbo at http://127.0.0.1:1");
  CHECK(made({}) == "tts.mine.api_key: is missing: MiniMax asks for one");
  CHECK(made({{"api_key", "k"}, {"region", "mars"}})
            .starts_with("tts.mine.region: 'mars' is unknown; valid: global, china"));
  CHECK(made({{"api_key", "k"}, {"group_id", "1&x=2"}}) ==
        "tts.mine.group_id: has letters that no group's id has");
  CHECK(made({{"api_key", "k"}, {"pcm_rate", "48000"}})
            .starts_with("tts.mine.pcm_rate: '48000' is unknown; valid: 8000, "));
}

}  // namespace
}  // namespace parley::tests
