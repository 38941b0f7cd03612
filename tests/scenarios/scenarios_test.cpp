// SPDX-License-Identifier: MIT
// Runs every tests/scenarios/<area>/*.scenario in both dialects and with the client's audio cut in
// different ways, which must make no difference. PARLEY_SCENARIO=barge runs those whose name has
// it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/scenarios/runner.h"

namespace parley::tests {
namespace {

std::vector<Scenario> all_scenarios() {
  const char* wanted = std::getenv("PARLEY_SCENARIO");
  std::vector<Scenario> scenarios;
  const std::filesystem::path root = PARLEY_SCENARIOS_DIR;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".scenario") continue;
    const auto name = entry.path().lexically_relative(root).replace_extension().string();
    if (wanted != nullptr && name.find(wanted) == std::string::npos) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    scenarios.push_back(parse_scenario(name, text.str()));
  }
  std::ranges::sort(scenarios, {}, &Scenario::name);
  return scenarios;
}

std::filesystem::path golden_file(const Scenario& scenario) {
  return std::filesystem::path(PARLEY_SCENARIOS_DIR) / (scenario.name + ".golden");
}

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// The order of the events on the wire: `>` from the client, `<` from the server; an event that
// repeats is named once.
std::string order_of(const Outcome& outcome) {
  std::string order;
  std::string last;
  for (const auto& line : outcome.transcript) {
    const bool client = line.find(R"("dir":"client")") != std::string::npos;
    const std::string key = R"("type":")";
    const auto begin = line.find(key, line.find(R"("event")")) + key.size();
    std::string entry = (client ? "> " : "< ") + line.substr(begin, line.find('"', begin) - begin);
    if (entry != last) order += entry + '\n';
    last = std::move(entry);
  }
  return order;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n  " + line;
  return text;
}

TEST_CASE("scenarios hold in both dialects, and write a transcript for the schema check") {
  const auto scenarios = all_scenarios();
  CHECK_FALSE(scenarios.empty());
  const char* folder = std::getenv("PARLEY_TRANSCRIPTS");
  std::map<std::string, std::ofstream> files;
  for (const auto& scenario : scenarios) {
    CAPTURE(scenario.name);
    std::string golden;
    std::vector<std::string> story;
    for (const auto& dialect : scenario.dialects) {
      for (const int frame_ms : {20, 10, 37}) {
        const Outcome outcome = run_scenario(scenario, {dialect, frame_ms});
        if (!outcome.failures.empty()) {
          FAIL_CHECK(joined(outcome.failures));
          continue;
        }
        if (story.empty()) story = outcome.story;
        if (story != outcome.story) {
          FAIL_CHECK("told another story in " << dialect << " with frames of " << frame_ms
                                              << " ms:" << joined(outcome.story)
                                              << "\n  first:" << joined(story));
        }
        if (frame_ms == 20) golden += dialect + '\n' + order_of(outcome) + '\n';
        if (folder == nullptr || scenario.extension || frame_ms != 20) continue;
        auto& file = files[dialect];
        if (!file.is_open()) file.open(std::string(folder) + "/" + dialect + ".jsonl");
        for (const auto& line : outcome.transcript) file << line << '\n';
      }
    }
    if (std::getenv("PARLEY_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(golden_file(scenario)) << golden;
    }
    // PARLEY_UPDATE_GOLDEN=1 writes these anew: the change is then seen in review.
    CHECK(content_of(golden_file(scenario)) == golden);
  }
  for (auto& [dialect, file] : files) CHECK(file.flush().good());
}

TEST_CASE("the runner notices what does not hold") {
  const auto failure = [](std::string text) {
    const auto outcome =
        run_scenario(parse_scenario("canary", "# about: must fail\n" + text), {"ga"});
    return outcome.failures.empty() ? "" : outcome.failures.front();
  };
  CHECK(failure("speech 600ms\nexpect input_audio_buffer.speech_started").empty());
  CHECK(failure("speech 600ms\nexpect input_audio_buffer.committed").find("no input") !=
        std::string::npos);
  CHECK(failure("expect session.created session.type=transcription").find("is 'realtime'") !=
        std::string::npos);
  CHECK(failure("speech 600ms\nexpect input_audio_buffer.speech_started audio_start_ms=900±5")
            .find("audio_start_ms") != std::string::npos);
  CHECK(failure("expect-next error").find("but got session.created") != std::string::npos);
  CHECK(failure("none session.created").find("there is a") != std::string::npos);
  CHECK(failure("closed 1001").find("open") != std::string::npos);
  CHECK(failure("flow text-turn").find("event 1") != std::string::npos);
  CHECK(failure("jump 3ms").find("line 2: 'jump'") != std::string::npos);
  CHECK(failure("at soon quiet").find("is no time") != std::string::npos);
  CHECK(run_scenario(parse_scenario("x", "quiet"), {"ga"}).failures.size() == 1);  // no about
}

}  // namespace
}  // namespace parley::tests
