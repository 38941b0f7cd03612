// SPDX-License-Identifier: MIT
#include "protocol/json/audio_documents.h"

#include <doctest/doctest.h>

namespace parley::protocol {
namespace {

std::string param_of(std::string_view body) {
  const auto read = read_speech_request(body);
  return read ? "accepted" : read.error().param + " " + read.error().code;
}

Transcript transcript() {
  return {"One. Two.", "en", 61.25, {{0.5, 1.25, "One."}, {3600.0, 3661.042, "Two."}}};
}

TEST_CASE("a speech request has defaults, and mistakes name their field") {
  const auto read = read_speech_request(
      R"({"model":"tts-1","input":"Hi.","voice":{"id":"v"},"unknown":1,"instructions":"slowly"})");
  REQUIRE(read);
  CHECK(read->voice == "v");
  CHECK(read->format == "mp3");
  CHECK(read->speed == 1.0);
  CHECK_FALSE(read->events);
  CHECK(read_speech_request(R"({"input":"Hi.","stream_format":"sse"})")->events);

  CHECK(param_of("{") == " invalid_json");
  CHECK(param_of("{}") == "input missing_required_parameter");
  CHECK(param_of(R"({"input":7})") == "input invalid_type");
  CHECK(param_of(R"({"input":"x","speed":5})") == "speed decimal_above_max_value");
  CHECK(param_of(R"({"input":"x","response_format":"ogg"})") == "response_format invalid_value");
  CHECK(param_of(R"({"input":"x","response_format":"aac"})") == "response_format invalid_value");
  CHECK(param_of("{\"input\":\"" + std::string(4097, 'x') + "\"}") ==
        "input string_above_max_length");
}

TEST_CASE("a transcript as JSON, with and without its segments") {
  CHECK(write_transcript(transcript()) ==
        R"({"text":"One. Two.","usage":{"type":"duration","seconds":62}})");
  const std::string verbose = write_verbose_transcript(transcript());
  CHECK(verbose.find(R"("task":"transcribe","language":"en","duration":61.25,)") !=
        std::string::npos);
  CHECK(
      verbose.find(R"({"id":1,"seek":0,"start":3600,"end":3661.042,"text":"Two.","tokens":[],)") !=
      std::string::npos);
}

TEST_CASE("a transcript as subtitles") {
  CHECK(write_subtitles(transcript(), false) ==
        "1\n00:00:00,500 --> 00:00:01,250\nOne.\n\n2\n01:00:00,000 --> 01:01:01,042\nTwo.\n\n");
  CHECK(write_subtitles(transcript(), true)
            .starts_with("WEBVTT\n\n00:00:00.500 --> 00:00:01.250\nOne.\n\n"));
}

TEST_CASE("events have the framing of server-sent events") {
  CHECK(transcript_delta_event("a\nb") ==
        "data: {\"type\":\"transcript.text.delta\",\"delta\":\"a\\nb\"}\n\n");
  CHECK(speech_delta_event("\x01\x02") ==
        "data: {\"type\":\"speech.audio.delta\",\"audio\":\"AQI=\"}\n\n");
}

}  // namespace
}  // namespace parley::protocol
