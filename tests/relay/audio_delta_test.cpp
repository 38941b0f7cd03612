// SPDX-License-Identifier: MIT
#include "relay/audio_delta.h"

#include <doctest/doctest.h>

#include <string>

namespace parley::relay {

TEST_CASE("an audio delta of either dialect is recognised, however it is spaced and ordered") {
  for (const char* frame :
       {R"({"type":"response.output_audio.delta","event_id":"e","delta":"QUJD","output_index":0})",
        R"({"delta":"QUJD","content_index":12,"type":"response.audio.delta"})",
        "{ \"type\" : \"response.audio.delta\" ,\n\t\"delta\" : \"QUJD\" } "}) {
    CAPTURE(frame);
    const auto found = scan_audio_delta(frame);
    REQUIRE(found.has_value());
    CHECK(found->audio_base64 == "QUJD");
    CHECK(found->type.ends_with("audio.delta"));
  }
}

TEST_CASE("all else is left to the parser") {
  for (const char* frame : {
           "",
           "{",
           "{}",
           "[]",
           R"({"type":"response.output_audio.done","delta":"QUJD"})",
           R"({"type":"response.output_audio_transcript.delta","delta":"Hi"})",
           R"({"delta":"QUJD"})",
           R"({"type":"response.audio.delta","delta":"QU\u004AD"})",
           R"({"type":"response.audio.delta","delta":"é"})",
           R"({"type":"response.audio.delta","delta":7})",
           R"({"type":"response.audio.delta","delta":null})",
           R"({"type":"response.audio.delta","delta":"A","delta":"B"})",
           R"({"type":"response.audio.delta","delta":"A","x":{}})",
           R"({"type":"response.audio.delta","delta":"A","x":-1})",
           R"({"type":"response.audio.delta","delta":"A","x":01})",
           R"({"type":"response.audio.delta","delta":"A"}})",
           R"({"type":"response.audio.delta","delta":"A",})",
           R"({"type":"response.audio.delta","delta":"A")",
           R"({"type":"response.audio.delta" "delta":"A"})",
       }) {
    CAPTURE(frame);
    CHECK_FALSE(scan_audio_delta(frame).has_value());
  }
}

TEST_CASE("an odd character deep inside long audio is noticed") {
  for (const std::size_t at : {0U, 63U, 64U, 100U, 999U}) {
    std::string audio(1000, 'A');
    audio[at] = '\n';
    CHECK_FALSE(scan_audio_delta(R"({"type":"response.audio.delta","delta":")" + audio + "\"}"));
  }
}

}  // namespace parley::relay
