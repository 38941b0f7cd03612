// SPDX-License-Identifier: MIT
// What time alone does to a session: the idle timeout and the end of its life.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using Types = std::vector<std::string>;

void speak_up_after(World& world, std::optional<int> ms) {
  protocol::SessionUpdate update;
  protocol::TurnDetection detection;
  detection.idle_timeout_ms = ms;
  update.session.turn_detection = std::optional(detection);
  world.client(update);
}

World& answered(World& world) {
  speak_up_after(world, 5000);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  return world;
}

TEST_CASE("an idle timeout is a turn of nothing: triggered, committed, an item and a response") {
  World world;
  answered(world);
  const auto before = world.events.size();
  world.silence(5300);
  Types types;
  for (std::size_t i = before; i < world.events.size(); ++i) {
    types.push_back(name_of(world.events[i].event.body));
  }
  REQUIRE(types.size() >= 5);
  types.resize(5);
  CHECK(types == Types{"input_audio_buffer.timeout_triggered", "input_audio_buffer.committed",
                       "conversation.item.added", "conversation.item.done", "response.created"});
  const auto timeout = world.all<protocol::TimeoutTriggered>().at(0);
  CHECK(timeout.audio_end_ms - timeout.audio_start_ms >= 4500);
  CHECK(timeout.audio_end_ms - timeout.audio_start_ms <= 5100);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().at(0).item_id == timeout.item_id);
  world.run_until_quiet();
}

TEST_CASE("the idle timeout counts from the end of playback, not from the last event") {
  Script script;
  script.clause_ms = 3000;
  session::Options options = World::spoken_options();
  options.output_lead = std::chrono::seconds(10);  // all of it is sent at once
  World world(options, script);
  speak_up_after(world, 5000);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  REQUIRE(world.all<protocol::ResponseDone>().size() == 1);
  world.run_for(std::chrono::seconds(7));
  CHECK(world.all<protocol::TimeoutTriggered>().empty());
  world.run_for(std::chrono::milliseconds(1500));
  CHECK(world.all<protocol::TimeoutTriggered>().size() == 1);
  world.run_until_quiet();
}

TEST_CASE("speech keeps the idle timeout away, and so does switching it off") {
  World world;
  answered(world);
  world.silence(3000);
  world.speech(4000);
  CHECK(world.all<protocol::TimeoutTriggered>().empty());
  world.silence(600);
  world.run_until_quiet();
  speak_up_after(world, std::nullopt);
  world.silence(7000);
  CHECK(world.all<protocol::TimeoutTriggered>().empty());
}

TEST_CASE("a client's own response puts the idle timeout off") {
  World world;
  answered(world);
  world.run_for(std::chrono::seconds(4));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  world.run_for(std::chrono::seconds(4));
  CHECK(world.all<protocol::TimeoutTriggered>().empty());
}

TEST_CASE("a session's life ends on time, whatever is going on, and then it is deaf") {
  session::Options options = World::spoken_options();
  options.duration_max = std::chrono::minutes(1);
  World world(options);
  world.script.clause_ms = 10'000;
  world.run_for(std::chrono::seconds(58));
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(1999));
  CHECK_FALSE(world.closed);
  world.run_for(std::chrono::milliseconds(1));
  REQUIRE(world.closed);
  CHECK(world.closed->code == 1001);
  CHECK(world.last_error().code == "session_expired");
  const auto done = world.all<protocol::ResponseDone>();
  REQUIRE(done.size() == 1);
  CHECK(done[0].response.status == protocol::ResponseStatus::incomplete);
  CHECK(done[0].response.error_code == "session_expired");
  CHECK_FALSE(world.last_error().event_id);
  CHECK_FALSE(world.session.deadline());
  const auto said = world.events.size();
  world.client(protocol::ResponseCreate{}, "late");
  world.speech(500);
  CHECK(world.events.size() == said);
}

TEST_CASE("the client knows from the start when the session ends") {
  session::Options options = World::default_options();
  options.started_at = {1'700'000'000};
  options.duration_max = std::chrono::minutes(30);
  World world(options);
  CHECK(world.all<protocol::SessionCreated>().at(0).info.expires_at.unix_seconds == 1'700'001'800);
}

}  // namespace
}  // namespace parley::tests
