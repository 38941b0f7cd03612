// SPDX-License-Identifier: MIT
// What the client is told of the words while they are being recognised, and when recognisers are
// told that the voice fell silent.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::TranscriptionCompleted;
using protocol::TranscriptionDelta;

void configure(World& world, bool detect_turns, std::vector<std::string> include = {}) {
  protocol::SessionUpdate update;
  update.session.type = world.session.config().type;
  update.session.transcription = protocol::Transcription{"whisper-1", {}, {}};
  if (!detect_turns) update.session.turn_detection.emplace();
  if (!include.empty()) update.session.include.emplace(std::move(include));
  world.client(update);
}

session::Options transcribing() {
  auto options = World::default_options();
  options.defaults.type = protocol::SessionType::transcription;
  return options;
}

std::string joined(const std::vector<TranscriptionDelta>& deltas) {
  std::string text;
  for (const auto& delta : deltas) text += delta.delta;
  return text;
}

TEST_CASE("stable words stream before the commit when the client ends the turns") {
  World world(transcribing());
  configure(world, false);
  world.speech(400);
  world.stt_says(world.last_stt, engine::SttPartial{"good mor", 4});
  REQUIRE(world.all<TranscriptionDelta>().size() == 1);
  CHECK(world.last<TranscriptionDelta>().delta == "good");
  world.stt_says(world.last_stt, engine::SttPartial{"good morning", 4});
  CHECK(world.all<TranscriptionDelta>().size() == 1);

  world.script.hears = {"good morning all"};
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  const auto id = world.last<protocol::InputAudioBufferCommitted>().item_id;
  for (const auto& delta : world.all<TranscriptionDelta>()) CHECK(delta.item_id == id);
  CHECK(joined(world.all<TranscriptionDelta>()) == "good morning all");
  CHECK(world.last<TranscriptionCompleted>().transcript == "good morning all");
}

TEST_CASE("a recogniser is given the hints of the session") {
  World world(transcribing());
  protocol::SessionUpdate update;
  update.session.type = protocol::SessionType::transcription;
  auto& wanted = update.session.transcription.emplace().emplace();
  wanted.model = "whisper-1";
  wanted.languages = {{"de"}};
  wanted.prompt = "A call to a workshop.";
  wanted.keywords = {{"Parley", "barge-in"}};
  world.client(update);
  world.speech(600);
  REQUIRE(world.heard_as.size() == 1);
  CHECK(world.heard_as[0].language == "de");
  CHECK(world.heard_as[0].prompt == "A call to a workshop. Parley, barge-in");
}

TEST_CASE("with a high delay words wait until they are final") {
  for (const char* delay : {"low", "high", "xhigh"}) {
    CAPTURE(delay);
    World world(transcribing());
    protocol::SessionUpdate update;
    update.session.type = protocol::SessionType::transcription;
    update.session.transcription.emplace().emplace().model = "gpt-realtime-whisper";
    (*update.session.transcription)->delay = delay;
    update.session.turn_detection.emplace();
    world.client(update);
    world.speech(400);
    world.stt_says(world.last_stt, engine::SttPartial{"good morning", 12});
    CHECK(world.all<TranscriptionDelta>().size() == (std::string(delay) == "low" ? 1U : 0U));
    world.script.hears = {"good morning"};
    world.client(protocol::InputAudioBufferCommit{});
    world.run_until_quiet();
    CHECK(joined(world.all<TranscriptionDelta>()) == "good morning");
  }
}

TEST_CASE("with turn detection stable words wait for the commit") {
  World world(transcribing());
  configure(world, true);
  world.speech(600);
  world.stt_says(world.last_stt, engine::SttPartial{"good morning", 12});
  CHECK(world.all<TranscriptionDelta>().empty());
  world.script.hears = {"good morning"};
  world.script.hearing_takes = std::chrono::seconds(1);
  world.silence(600);
  REQUIRE(world.all<TranscriptionDelta>().size() == 1);
  CHECK(world.last<TranscriptionDelta>().delta == "good morning");
  CHECK(world.all<TranscriptionCompleted>().empty());
  world.run_until_quiet();
  CHECK(world.all<TranscriptionDelta>().size() == 1);
  CHECK(world.last<TranscriptionCompleted>().transcript == "good morning");
}

TEST_CASE("log probabilities are shown to those who asked for them") {
  for (const bool asked : {false, true}) {
    World world(transcribing());
    if (asked) {
      configure(world, false, {"item.input_audio_transcription.logprobs"});
    } else {
      configure(world, false);
    }
    world.speech(300);
    world.stt_says(world.last_stt, engine::SttFinal{"yes", {{"yes", -0.25}}});
    world.client(protocol::InputAudioBufferCommit{});
    const auto completed = world.last<TranscriptionCompleted>();
    REQUIRE(completed.logprobs.size() == (asked ? 1U : 0U));
    if (asked) CHECK(completed.logprobs[0].logprob == -0.25);
  }
}

TEST_CASE("a recogniser is told of every silence, and when the voice goes on") {
  World world;
  world.speech(400);
  world.silence(120);
  CHECK(world.pauses == 1);
  CHECK(world.resumes == 0);
  world.speech(400);
  CHECK(world.resumes == 1);
  world.silence(600);
  CHECK(world.pauses == 2);
  CHECK(world.all<protocol::SpeechStopped>().size() == 1);
}

}  // namespace
}  // namespace parley::tests
