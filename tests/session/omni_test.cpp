// SPDX-License-Identifier: MIT
// Models that hear the user themselves, and models that speak their answers themselves.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseStatus;
using std::chrono::milliseconds;

session::Options hearing(session::Options options = World::default_options()) {
  options.model.hears = true;
  return options;
}

session::Options speaking() {
  auto options = World::spoken_options();
  options.model.speaks = true;
  return options;
}

engine::LlmAudio sound(int ms) {
  return {std::vector<std::int16_t>(static_cast<std::size_t>(24 * ms), 500), 24000};
}

const engine::Utterance& utterance(const engine::LlmRequest& request, std::size_t index) {
  return std::get<engine::Utterance>(request.history.at(index));
}

TEST_CASE("a model that hears answers before the words are known") {
  World world(hearing());
  world.script.hearing_takes = std::chrono::seconds(5);
  world.speech(600);
  world.silence(600);
  REQUIRE(world.asked.size() == 1);
  const auto& said = utterance(world.asked[0], 0);
  CHECK(said.spoken);
  CHECK(said.text.empty());
  REQUIRE(said.sound != nullptr);
  CHECK(said.sound->rate_hz == 16000);
  CHECK(std::ssize(said.sound->samples) > 16 * 700);
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("a recogniser that fails does not keep a model that hears from answering") {
  World world(hearing());
  world.script.hearing_fails = true;
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("of turns that were answered a model that hears is given the words") {
  World world(hearing());
  for (int turn = 0; turn < 2; ++turn) {
    world.speech(600);
    world.silence(600);
    world.run_until_quiet();
  }
  REQUIRE(world.asked.size() == 2);
  CHECK(utterance(world.asked[1], 0).sound == nullptr);
  CHECK(utterance(world.asked[1], 0).text == "hello");
  CHECK(utterance(world.asked[1], 2).sound != nullptr);
}

TEST_CASE("a model that only reads is given no sound") {
  World world;
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  REQUIRE(world.asked.size() == 1);
  CHECK(utterance(world.asked[0], 0).sound == nullptr);
}

TEST_CASE("a model's own sound is the answer, and no voice is asked") {
  World world(speaking());
  world.script.answers = {engine::LlmText{"Hello "}, sound(300), engine::LlmText{"there."},
                          sound(500), engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.asked.at(0).speak);
  CHECK(world.spoken.empty());
  std::size_t bytes = 0;
  for (const auto& heard : world.events) bytes += heard.audio.size();
  CHECK(bytes == 800 * 24 * 2);
  CHECK(world.last<protocol::AudioTranscriptDone>().transcript == "Hello there.");
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("sound before its text begins the answer") {
  World world(speaking());
  world.script.answers = {sound(300), engine::LlmText{"Hi."}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::AudioTranscriptDone>().transcript == "Hi.");
}

TEST_CASE("text that no sound came for is given to the voice") {
  World world(speaking());
  world.script.answers = {engine::LlmText{"Hello there."}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  REQUIRE(world.spoken.size() == 1);
  CHECK(world.spoken[0].text == "Hello there.");
  CHECK(world.last<protocol::AudioTranscriptDone>().transcript == "Hello there.");
}

TEST_CASE("a spoken answer of the model stops at a barge-in") {
  World world(speaking());
  world.script.answers = {engine::LlmText{"A long story."}, sound(5000), engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(1000));
  world.speech(400);
  const auto done = world.last<protocol::ResponseDone>().response;
  CHECK(done.status == ResponseStatus::cancelled);
  CHECK(done.reason == protocol::StatusReason::turn_detected);
}

TEST_CASE("written answers are not asked for as sound") {
  auto options = World::default_options();
  options.model.speaks = true;
  World world(options);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(!world.asked.at(0).speak);
  CHECK(world.last<protocol::TextDone>().text == "Hello there.");
}

TEST_CASE("sound at an impossible rate fails the response") {
  World world(speaking());
  world.script.answers = {engine::LlmAudio{{1, 2, 3}, 7}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::failed);
}

}  // namespace
}  // namespace parley::tests
