// SPDX-License-Identifier: MIT
#include "protocol/json/translation.h"

#include <doctest/doctest.h>

namespace parley::protocol {
namespace {

std::string fault_of(std::string_view frame) {
  std::string id;
  std::string audio;
  const auto event = read_translation_event(frame, id, audio);
  return event ? "accepted" : event.error().param + " " + event.error().code;
}

TEST_CASE("an update changes what it names") {
  std::string id;
  std::string audio;
  const auto event = read_translation_event(
      R"({"type":"session.update","event_id":"e","session":{"audio":{
          "input":{"transcription":{"model":"whisper-1"},"noise_reduction":null},
          "output":{"language":"es"}}}})",
      id, audio);
  REQUIRE(event);
  CHECK(id == "e");
  const auto& update = std::get<TranslationUpdate>(event->body);
  CHECK(update.language == "es");
  REQUIRE((update.transcription && *update.transcription));
  REQUIRE(update.noise_reduction);
  CHECK(!*update.noise_reduction);
}

TEST_CASE("what a translation session does not know is refused by its field") {
  CHECK(fault_of("{") == " invalid_json");
  CHECK(fault_of("{}") == "type missing_required_parameter");
  CHECK(fault_of(R"({"type":"input_audio_buffer.append","audio":""})") == "type invalid_value");
  CHECK(fault_of(R"({"type":"session.input_audio_buffer.append"})") ==
        "audio missing_required_parameter");
  CHECK(fault_of(R"({"type":"session.update"})") == "session missing_required_parameter");
  CHECK(fault_of(R"({"type":"session.update","session":{"voice":"x"}})") ==
        "session.voice unknown_parameter");
  CHECK(fault_of(R"({"type":"session.update","session":{"audio":{"output":{"language":1}}}})") ==
        "session.audio.output.language invalid_type");
  CHECK(fault_of(R"({"type":"session.close"})") == "accepted");
}

}  // namespace
}  // namespace parley::protocol
