// SPDX-License-Identifier: MIT
// input_audio_buffer.commit and .clear: the client says where a turn ends, with a detector or
// without.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

World& by_hand(World& world) {
  protocol::SessionUpdate update;
  update.session.turn_detection = std::optional<protocol::TurnDetection>();
  world.client(update);
  return world;
}

// Duration of an item's sound, at 24 kHz and 16 bit.
std::int64_t item_ms(World& world, const std::string& item_id) {
  world.client(protocol::ConversationItemRetrieve{item_id});
  return std::ssize(world.all<protocol::ItemRetrieved>().back().item.content.at(0).audio_base64) /
         64;
}

TEST_CASE("each commit takes what came since the last one, and items follow each other") {
  World world;
  by_hand(world);
  for (const int ms : {300, 500, 100}) {
    world.speech(ms);
    world.client(protocol::InputAudioBufferCommit{});
  }
  const auto committed = world.all<protocol::InputAudioBufferCommitted>();
  REQUIRE(committed.size() == 3);
  CHECK_FALSE(committed[0].previous_item_id);
  CHECK(committed[1].previous_item_id == committed[0].item_id);
  CHECK(committed[2].previous_item_id == committed[1].item_id);
  CHECK(item_ms(world, committed[0].item_id) == 300);
  CHECK(item_ms(world, committed[1].item_id) == 500);
  CHECK(item_ms(world, committed[2].item_id) == 100);
  CHECK(world.all<protocol::ErrorEvent>().empty());
}

TEST_CASE("a commit before anybody spoke takes the silence, and the detector listens on") {
  World world;
  world.silence(500);
  world.client(protocol::InputAudioBufferCommit{});
  const auto first = world.all<protocol::InputAudioBufferCommitted>();
  REQUIRE(first.size() == 1);
  CHECK(item_ms(world, first[0].item_id) == 500);
  CHECK(world.all<protocol::SpeechStarted>().empty());
  CHECK(world.all<protocol::ResponseCreated>().empty());
  world.speech(600);
  world.silence(600);
  const auto started = world.all<protocol::SpeechStarted>();
  REQUIRE(started.size() == 1);
  CHECK(started[0].audio_start_ms >= 490);  // the padding stops where the last item ended
  world.run_until_quiet();
}

TEST_CASE("who is cut off by a commit and speaks on begins a new turn, behind the first") {
  World world;
  world.speech(800);
  world.client(protocol::InputAudioBufferCommit{});
  world.speech(800);
  world.silence(600);
  world.run_until_quiet();
  const auto started = world.all<protocol::SpeechStarted>();
  const auto committed = world.all<protocol::InputAudioBufferCommitted>();
  REQUIRE(started.size() == 2);
  REQUIRE(committed.size() == 2);
  CHECK(started[1].audio_start_ms >= 790);
  CHECK(committed[0].item_id == started[0].item_id);
  CHECK(committed[1].item_id == started[1].item_id);
  CHECK(item_ms(world, committed[0].item_id) + item_ms(world, committed[1].item_id) <= 1850);
}

TEST_CASE("a cleared buffer is empty, and what comes after it is not") {
  World world;
  by_hand(world);
  world.speech(500);
  world.client(protocol::InputAudioBufferClear{});
  CHECK(world.events.back().event.body.index() ==
        protocol::ServerEventBody(protocol::InputAudioBufferCleared{}).index());
  world.client(protocol::InputAudioBufferCommit{}, "c1");
  CHECK(world.last_error().code == "input_audio_buffer_commit_empty");
  CHECK(world.last_error().event_id == "c1");
  world.speech(200);
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(item_ms(world, world.all<protocol::InputAudioBufferCommitted>().at(0).item_id) == 200);
}

TEST_CASE("the buffer's length is told to the hundredth of a millisecond") {
  World world;
  by_hand(world);
  world.append(std::vector<std::int16_t>(2399));
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.last_error().message.find("only has 99.96ms of audio") != std::string::npos);
  world.append(std::vector<std::int16_t>(1));
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
}

TEST_CASE("a recognition begins with the first sound and hears all of it, however it came") {
  World world;
  by_hand(world);
  world.real_time = false;
  world.frame_ms = 10'000;
  world.speech(10'000);
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(std::abs(world.samples_heard - 160'000) <= 80);
  CHECK(world.last_stt == 1);
  world.run_until_quiet();
}

}  // namespace
}  // namespace parley::tests
