// SPDX-License-Identifier: MIT
#include "server/upstreams.h"

#include <doctest/doctest.h>

namespace parley::server {
namespace {

TEST_CASE("a relayed model's settings are those that were given, and no others") {
  config::ModelSection model;
  CHECK(relay_settings(model).empty());
  model.instructions = "Be kind.";
  CHECK(relay_settings(model) == R"({"type":"realtime","instructions":"Be kind."})");
  model.voice = "warm";
  model.voices = {{"warm", "marin"}};
  model.vad_silence_duration_ms = 400;
  CHECK(relay_settings(model) ==
        R"({"type":"realtime","instructions":"Be kind.","audio":{"input":{"turn_detection":)"
        R"({"silence_duration_ms":400,"type":"server_vad"}},"output":{"voice":"marin"}}})");
  model = {};
  model.turn_detection = "none";
  CHECK(relay_settings(model) ==
        R"({"type":"realtime","audio":{"input":{"turn_detection":null}}})");
  model.turn_detection = "semantic_vad";
  CHECK(relay_settings(model) ==
        R"({"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}})");
}

}  // namespace
}  // namespace parley::server
