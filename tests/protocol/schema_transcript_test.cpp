// SPDX-License-Identifier: MIT
// The published schemas are checked by a Node program (tests/spec/check.sh), which needs our output
// in files. Without PARLEY_TRANSCRIPTS only the coverage is checked.
#include <cstdlib>
#include <fstream>
#include <set>

#include "protocol/json/client_side.h"
#include "tests/protocol/sample_events.h"
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

std::vector<std::string> client_frames() {
  SessionPatch patch;
  patch.instructions = "Be brief.";
  patch.output_modality = Modality::audio;
  patch.tools = sample_realtime_config().tools;
  patch.tool_choice = ToolChoice{};
  patch.max_output_tokens = std::optional<int>();
  patch.input_format = base::AudioFormat{};
  patch.output_format = base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
  patch.turn_detection = std::optional<TurnDetection>(TurnDetection{});
  patch.voice = "alloy";
  patch.speed = 1.0;
  SessionPatch off;
  off.turn_detection = std::optional<TurnDetection>();
  std::string append;
  write_audio_append(std::vector<std::uint8_t>(960), append);
  return {write_session_update(SessionPatch{}),
          write_session_update(patch),
          write_session_update(off),
          append,
          write_audio_commit(),
          write_audio_clear(),
          write_user_text("Hello \"there\""),
          write_response_create(),
          write_response_cancel(),
          write_item_truncate("item_1", 0, 150)};
}

void write_events(Dialect& dialect, const std::vector<ServerEvent>& events, std::ostream& out) {
  for (const ServerEvent& event : events) {
    std::string text;
    if (dialect.write(event, text)) out << R"({"dir":"server","event":)" << text << "}\n";
  }
}

}  // namespace

TEST_CASE(
    "the samples hold every kind of the API's events, and write a transcript for the schema "
    "check") {
  constexpr std::size_t kOwnKinds = 2;  // TurnMetrics and DetectorLevel are in no schema
  std::set<std::size_t> kinds;
  for (const ServerEvent& event : sample_events()) kinds.insert(event.body.index());
  CHECK(kinds.size() == std::variant_size_v<ServerEventBody> - kOwnKinds);

  const char* folder = std::getenv("PARLEY_TRANSCRIPTS");
  if (folder == nullptr) return;
  std::ofstream ga(std::string(folder) + "/ga.jsonl");
  write_events(*make_openai_ga(), sample_events(), ga);
  write_events(*make_openai_ga(), sample_image_events(), ga);
  for (const std::string& frame : client_frames()) {
    ga << R"({"dir":"client","event":)" << frame << "}\n";
  }
  std::ofstream beta(std::string(folder) + "/beta.jsonl");
  write_events(*make_openai_beta(), sample_events(), beta);
  CHECK((ga.flush().good() && beta.flush().good()));
}

}  // namespace parley::protocol
