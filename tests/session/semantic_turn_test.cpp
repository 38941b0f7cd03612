// SPDX-License-Identifier: MIT
// semantic_vad: how long a silence lasts before it ends the turn depends on what was said.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::Eagerness;
using protocol::SpeechStopped;

void use_semantic_vad(World& world, Eagerness eagerness) {
  protocol::TurnDetection detection;
  detection.type = protocol::TurnDetectionType::semantic_vad;
  detection.eagerness = eagerness;
  protocol::SessionUpdate update;
  update.session.turn_detection.emplace(detection);
  world.client(update);
}

// Says `words` in a second of speech, then is silent until the turn ends; how long that took.
int silence_before_the_end(const std::string& words, Eagerness eagerness, bool stable = false) {
  World world;
  use_semantic_vad(world, eagerness);
  world.speech(1000);
  world.stt_says(world.last_stt, engine::SttPartial{words, stable ? words.size() : 0});
  constexpr int kStep = 20;
  int waited = 0;
  while (world.all<SpeechStopped>().empty() && waited < 20'000) {
    world.silence(kStep);
    waited += kStep;
  }
  world.run_until_quiet();
  return waited;
}

TEST_CASE("a whole sentence ends the turn sooner than one that goes on") {
  for (const auto eagerness : {Eagerness::low, Eagerness::automatic, Eagerness::high}) {
    const int whole = silence_before_the_end("what time is it in london", eagerness);
    const int open = silence_before_the_end("what time is it in the", eagerness);
    CHECK(whole < 1500);
    CHECK(open > whole + 500);
  }
}

TEST_CASE("words that may have been misheard make a shorter wait than words that stay") {
  const std::string words = "what time is it in the";
  CHECK(silence_before_the_end(words, Eagerness::automatic) + 500 <
        silence_before_the_end(words, Eagerness::automatic, true));
}

TEST_CASE("the documented waits are never passed") {
  const int margin_ms = 100;
  CHECK(silence_before_the_end("so i was thinking about the", Eagerness::high) <= 2000 + margin_ms);
  CHECK(silence_before_the_end("so i was thinking about the", Eagerness::medium) <=
        4000 + margin_ms);
  CHECK(silence_before_the_end("so i was thinking about the", Eagerness::automatic) <=
        4000 + margin_ms);
  CHECK(silence_before_the_end("so i was thinking about the", Eagerness::low) <= 8000 + margin_ms);
}

TEST_CASE("words that are recognised during the pause change the verdict") {
  World world;
  use_semantic_vad(world, Eagerness::automatic);
  world.speech(1000);
  world.stt_says(world.last_stt, engine::SttPartial{"what time is it in the"});
  world.silence(1000);
  CHECK(world.all<SpeechStopped>().empty());
  world.stt_says(world.last_stt, engine::SttPartial{"what time is it in the morning there"});
  world.silence(40);
  CHECK(world.all<SpeechStopped>().size() == 1);
}

TEST_CASE("a speaker who goes on after a long thought is one turn") {
  World world;
  use_semantic_vad(world, Eagerness::automatic);
  world.speech(1000);
  world.stt_says(world.last_stt, engine::SttPartial{"i would like to"});
  world.silence(1500);
  world.speech(800);
  world.stt_says(world.last_stt, engine::SttPartial{"i would like to go home now"});
  world.silence(1500);
  world.run_until_quiet();
  CHECK(world.all<protocol::SpeechStarted>().size() == 1);
  CHECK(world.all<SpeechStopped>().size() == 1);
}

}  // namespace
}  // namespace parley::tests
