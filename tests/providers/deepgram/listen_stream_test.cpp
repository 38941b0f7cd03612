// SPDX-License-Identifier: MIT
#include "providers/deepgram/listen_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "providers/deepgram/stt_engine.h"

namespace parley::tests {
namespace {

using namespace providers::deepgram;
using namespace providers::remote;

std::shared_ptr<const Endpoint> endpoint() {
  Endpoint made;
  made.engine = "stt.mine";
  return std::make_shared<const Endpoint>(made);
}

std::vector<SttHeard> heard(SttProtocol& protocol, std::string_view message) {
  std::vector<SttHeard> out;
  protocol.on_text(message, out);
  return out;
}

TEST_CASE("the address says what Deepgram shall hear") {
  ListenOptions options;
  options.keyterms = {"Parley server"};
  options.fields = {{"punctuate", "false"}};
  engine::SttRequest request;
  request.language = "de";
  CHECK(listen_path(options, request) ==
        "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&channels=1"
        "&interim_results=true&smart_format=true&language=de&keyterm=Parley%20server"
        "&punctuate=false");
  options = {};
  options.model = "flux-general-multi";
  CHECK(listen_path(options, request) ==
        "/v2/listen?model=flux-general-multi&encoding=linear16&sample_rate=16000"
        "&language_hint=de");
}

TEST_CASE("Deepgram's results are interim, settled, or the answer to Finalize") {
  const auto protocol = make_listen_protocol(endpoint(), false, false);
  auto out = heard(*protocol, R"({"type":"Results","is_final":false,
      "channel":{"alternatives":[{"transcript":"what"}]}})");
  REQUIRE(out.size() == 1);
  CHECK(std::get<SttInterim>(out[0]).text == "what");
  out = heard(*protocol, R"({"type":"Results","is_final":true,"from_finalize":true,
      "channel":{"alternatives":[{"transcript":"What?"}]}})");
  REQUIRE(out.size() == 2);
  CHECK(std::get<SttSettled>(out[0]).text == "What?");
  CHECK(std::holds_alternative<SttFlushed>(out[1]));
}

TEST_CASE("messages that Deepgram may add are passed over, and damaged ones are told") {
  const auto protocol = make_listen_protocol(endpoint(), false, false);
  for (const char* message : {R"({"type":"SpeechStarted","timestamp":0})", R"({"type":7})", "{}",
                              R"({"type":"UtteranceEnd"})", R"({"type":"Metadata"})",
                              R"({"type":"Results","channel":{"alternatives":[]}})",
                              R"({"type":"Results","channel":[]})"}) {
    CHECK(heard(*protocol, message).empty());
  }
  for (const char* message : {"", "{", "[]", "null", "\"Results\""}) {
    const auto out = heard(*protocol, message);
    REQUIRE(out.size() == 1);
    CHECK(std::get<engine::Failure>(out[0]).kind == engine::FailureKind::protocol);
  }
}

TEST_CASE("each of Flux's turns is settled, and the forced one is the end") {
  const auto protocol = make_listen_protocol(endpoint(), true, false);
  const std::string update = R"({"type":"TurnInfo","event":"Update","transcript":"What"})";
  const std::string ended =
      R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"What?","trigger":"manual"})";
  CHECK(std::get<SttInterim>(heard(*protocol, update).at(0)).text == "What");
  CHECK(std::get<SttSettled>(heard(*protocol, ended).at(0)).text == "What?");
  std::vector<SttFrame> frames;
  protocol->end(frames);
  const auto out = heard(*protocol, ended);
  REQUIRE(out.size() == 2);
  CHECK(std::holds_alternative<SttEnded>(out[1]));
}

TEST_CASE("pieces are joined by a space where the script has spaces") {
  std::string text;
  for (const char* piece : {"", "what ", " time", "\n", "is it?"}) append_words(text, piece);
  CHECK(text == "what time is it?");
  text = "你好";
  append_words(text, "世界。");
  append_words(text, "元気");
  CHECK(text == "你好世界。元気");
  text = "안녕";
  append_words(text, "하세요");
  CHECK(text == "안녕 하세요");
}

TEST_CASE("a section for Deepgram is checked at the start") {
  config::EngineSection section{"stt", "mine", "deepgram", {}, {}};
  CHECK_FALSE(make_stt(section).has_value());  // no key
  section.options = {{"api_key", "k"}, {"keyterms", "Parley, barge-in"}};
  CHECK(make_stt(section).has_value());
  section.options["modle"] = "nova-3";
  CHECK_FALSE(make_stt(section).has_value());
}

}  // namespace
}  // namespace parley::tests
