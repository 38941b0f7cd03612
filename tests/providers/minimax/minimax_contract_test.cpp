// SPDX-License-Identifier: MIT
// What is MiniMax's own, against its fake.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "providers/minimax/tts_engine.h"
#include "tests/providers/minimax/voice_bench.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

const VoicePeer kPeer = {"minimax.t2a", "/minimax", providers::minimax::make_tts};

TEST_CASE("MiniMax: spelling of the stream changes nothing") {
  const std::vector<json> manners = {
      {{"no_space", true}},
      {{"upper_case", true}},
      {{"last_blank_line", false}},
      {{"crlf", true}},
  };
  for (const auto& manner : manners) {
    CAPTURE(manner.dump());
    Fakes fakes;
    VoiceBench bench;
    fakes.script(kPeer.fake, manner);
    check_works(bench, *bench.make(kPeer), kPeer);
  }
  // The last event repeats the whole sound, unless it was asked not to.
  Fakes fakes;
  VoiceBench bench;
  const auto engine = bench.make(
      kPeer, {{"extra_body", R"({"stream_options": {"exclude_aggregated_audio": false}})"}});
  check_works(bench, *engine, kPeer);
  // One answer in one piece.
  check_works(bench, *bench.make(kPeer, {{"extra_body", R"({"stream": false})"}}), kPeer);
}

TEST_CASE("MiniMax: the codes of HTTP 200 have the meaning that statuses have elsewhere") {
  using enum FailureKind;
  const std::vector<std::pair<int, FailureKind>> codes = {
      {1000, unavailable},     {1001, timeout},
      {1002, rate_limited},    {1004, auth},
      {1008, quota},           {1024, unavailable},
      {1026, content_filter},  {1027, content_filter},
      {1033, unavailable},     {1039, rate_limited},
      {1041, rate_limited},    {1042, invalid_request},
      {2013, invalid_request}, {20132, not_found},
  };
  for (const auto& [code, kind] : codes) {
    CAPTURE(code);
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(kPeer, {{"retries", "0"}});
    fakes.fault(kPeer.fake, "400", {{"code", code}});
    VoiceRun run(bench.loop(), *engine, saying());
    run.finish();
    REQUIRE(run.failure.has_value());
    CHECK(run.failure->kind == kind);
  }
}

}  // namespace
}  // namespace parley::tests
