// SPDX-License-Identifier: MIT
// Parley's own events: where the time of a turn went, and what the detector thinks.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::DetectorLevel;
using protocol::TurnMetrics;

session::Options watched(session::Options options) {
  options.metrics = true;
  return options;
}

void use_server_vad(World& world) {
  protocol::SessionUpdate update;
  update.session.turn_detection.emplace(protocol::TurnDetection{});
  world.client(update);
}

TEST_CASE("a spoken turn says how long each of its stages took") {
  Script script;
  script.hearing_takes = base::Milliseconds(40);
  script.word_takes = base::Milliseconds(30);
  script.voice_takes = base::Milliseconds(20);
  World world(watched(World::spoken_options()), script);
  use_server_vad(world);
  world.speech(800);
  world.silence(600);
  world.run_until_quiet();

  const auto metrics = world.all<TurnMetrics>();
  REQUIRE(metrics.size() == 1);
  const auto& turn = metrics[0];
  CHECK(turn.response_id == world.all<protocol::ResponseCreated>().at(0).response.id);
  CHECK(turn.item_id == world.all<protocol::AudioDelta>().at(0).ref.item_id);
  REQUIRE(turn.speech_stopped_at_ms);
  CHECK(*turn.speech_stopped_at_ms >= 760);
  CHECK(*turn.speech_stopped_at_ms <= 860);
  CHECK(turn.endpoint_wait_ms.value_or(0) == doctest::Approx(200).epsilon(0.15));
  CHECK(turn.recognition_ms.value_or(0) == doctest::Approx(40).epsilon(0.1));
  CHECK(turn.first_token_ms.value_or(0) == doctest::Approx(30).epsilon(0.1));
  CHECK(turn.first_clause_ms.has_value());
  CHECK(turn.first_audio_ms.value_or(0) == doctest::Approx(20).epsilon(0.1));
  CHECK(!turn.overhead_ms);  // only a driver can tell
}

TEST_CASE("the figures come right behind the first output") {
  World world(watched(World::spoken_options()));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  for (std::size_t i = 0; i < world.events.size(); ++i) {
    if (!std::holds_alternative<TurnMetrics>(world.events[i].event.body)) continue;
    CHECK(std::holds_alternative<protocol::AudioDelta>(world.events[i - 1].event.body));
  }
  CHECK(world.all<TurnMetrics>().size() == 1);
}

TEST_CASE("an answer in text has no sound to wait for, one that was asked for no silence") {
  World world(watched(World::default_options()));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto metrics = world.all<TurnMetrics>();
  REQUIRE(metrics.size() == 1);
  CHECK(!metrics[0].speech_stopped_at_ms);
  CHECK(!metrics[0].endpoint_wait_ms);
  CHECK(!metrics[0].first_audio_ms);
  CHECK(metrics[0].first_token_ms.has_value());
}

TEST_CASE("the detector shows itself ten times a second, louder while somebody speaks") {
  World world(watched(World::default_options()));
  use_server_vad(world);
  world.silence(500);
  const auto quiet = world.all<DetectorLevel>();
  CHECK(quiet.size() >= 4);
  CHECK(quiet.size() <= 6);
  world.speech(500);
  const auto levels = world.all<DetectorLevel>();
  CHECK(levels.size() >= 9);
  CHECK(levels.back().probability > quiet.back().probability);
  CHECK(levels.back().speech);
  CHECK(levels.back().threshold.value_or(0) == doctest::Approx(0.5));
}

TEST_CASE("who does not ask sees none of it") {
  World world(World::spoken_options());
  use_server_vad(world);
  world.speech(500);
  world.silence(500);
  world.run_until_quiet();
  CHECK(world.all<TurnMetrics>().empty());
  CHECK(world.all<DetectorLevel>().empty());
}

}  // namespace
}  // namespace parley::tests
