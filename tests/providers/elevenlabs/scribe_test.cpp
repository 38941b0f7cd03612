// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "providers/elevenlabs/scribe_engine.h"
#include "providers/elevenlabs/scribe_stream.h"

namespace parley::tests {
namespace {

using namespace providers::elevenlabs;
using namespace providers::remote;

std::unique_ptr<SttProtocol> scribe(bool timed) {
  Endpoint endpoint;
  endpoint.engine = "stt.mine";
  return make_scribe_protocol(std::make_shared<const Endpoint>(endpoint), timed);
}

std::vector<SttHeard> heard(SttProtocol& protocol, std::string_view message) {
  std::vector<SttHeard> out;
  protocol.on_text(message, out);
  return out;
}

const std::string kCommitted = R"({"message_type":"committed_transcript","text":"Hi."})";
const std::string kTimed = R"({"message_type":"committed_transcript_with_timestamps","text":"Hi.",
    "words":[{"text":"Hi.","type":"word","logprob":-0.5},{"text":" ","type":"spacing"}]})";

TEST_CASE("the address says what Scribe shall hear") {
  ScribeOptions options;
  options.language = "de";
  options.keyterms = {"Parley", "barge in"};
  engine::SttRequest request;
  request.logprobs = true;
  CHECK(scribe_path(options, request) ==
        "/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&audio_format=pcm_16000"
        "&commit_strategy=manual&language_code=de&include_timestamps=true&keyterms=Parley"
        "&keyterms=barge%20in");
}

TEST_CASE("sound goes to Scribe as base64, and a commit is its end") {
  const auto protocol = scribe(false);
  std::vector<SttFrame> frames;
  const std::vector<std::int16_t> samples = {1, -1};
  protocol->audio(samples, frames);
  CHECK(protocol->flush(frames));
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].bytes == R"({"message_type":"input_audio_chunk","audio_base_64":"AQD//w==",)"
                           R"("commit":false,"sample_rate":16000})");
  CHECK(frames[1].bytes == R"({"message_type":"input_audio_chunk","audio_base_64":"",)"
                           R"("commit":true,"sample_rate":16000})");
}

TEST_CASE("committed words are settled once, and answer a commit that was said") {
  std::vector<SttFrame> frames;
  for (const bool timed : {false, true}) {
    const auto protocol = scribe(timed);
    CHECK(heard(*protocol, timed ? kTimed : kCommitted).size() == 1);
    protocol->flush(frames);
    CHECK(heard(*protocol, timed ? kCommitted : kTimed).empty());
    const auto out = heard(*protocol, timed ? kTimed : kCommitted);
    REQUIRE(out.size() == 2);
    CHECK(std::get<SttSettled>(out[0]).text == "Hi.");
    CHECK(std::get<SttSettled>(out[0]).logprobs.size() == (timed ? 1 : 0));
  }
}

TEST_CASE("Scribe's troubles keep their kind, and damage is told") {
  using enum engine::FailureKind;
  struct Case {
    const char* type;
    engine::FailureKind kind;
  };
  for (const auto& c :
       {Case{"auth_error", auth}, Case{"quota_exceeded", quota}, Case{"rate_limited", rate_limited},
        Case{"queue_overflow", overloaded}, Case{"transcriber_error", unavailable},
        Case{"invalid_request", invalid_request}}) {
    const auto protocol = scribe(false);
    const auto out =
        heard(*protocol, R"({"message_type":")" + std::string(c.type) + R"(","error":"because"})");
    REQUIRE(out.size() == 1);
    const auto& failure = std::get<engine::Failure>(out[0]);
    CHECK(failure.kind == c.kind);
    CHECK(failure.message.ends_with("because"));
  }
  const auto fresh = scribe(false);
  CHECK(std::get<engine::Failure>(heard(*fresh, "{").at(0)).kind == engine::FailureKind::protocol);
  CHECK(heard(*fresh, R"({"message_type":"session_started","session_id":"s"})").empty());
}

TEST_CASE("sound too short for words is no failure") {
  const auto protocol = scribe(false);
  const std::string told = R"({"message_type":"insufficient_audio_activity","error":"short"})";
  CHECK(heard(*protocol, told).empty());
  std::vector<SttFrame> frames;
  protocol->flush(frames);
  CHECK(std::holds_alternative<SttFlushed>(heard(*protocol, told).at(0)));
}

TEST_CASE("a section for Scribe is checked at the start") {
  config::EngineSection section{"stt", "mine", "elevenlabs", {}, {}};
  CHECK_FALSE(make_scribe(section).has_value());  // no key
  section.options = {{"api_key", "k"}, {"keyterms", "Parley, barge-in"}};
  CHECK(make_scribe(section).has_value());
  section.options["keyterms"] = std::string(81, 'x');
  CHECK_FALSE(make_scribe(section).has_value());
}

}  // namespace
}  // namespace parley::tests
