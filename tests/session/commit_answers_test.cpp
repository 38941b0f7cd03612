// SPDX-License-Identifier: MIT
// Commits that are answered by themselves, and ids that clients compute with.
#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseCreated;
using session::CommitAnswers;

session::Options answering(CommitAnswers answers) {
  session::Options options = World::default_options();
  options.commit_answers = answers;
  return options;
}

void detect_turns(World& world, bool on) {
  protocol::SessionUpdate update;
  if (on) {
    update.session.turn_detection.emplace(protocol::TurnDetection{});
  } else {
    update.session.turn_detection.emplace(std::nullopt);
  }
  world.client(update);
}

TEST_CASE("a commit is answered by itself where that was asked for, and only there") {
  for (const auto answers : {CommitAnswers::never, CommitAnswers::turns, CommitAnswers::always}) {
    World world(answering(answers));
    detect_turns(world, false);
    world.speech(500);
    world.client(protocol::InputAudioBufferCommit{});
    world.run_until_quiet();
    CHECK(world.all<ResponseCreated>().size() == (answers == CommitAnswers::always ? 1 : 0));
  }
}

TEST_CASE("a commit that ends a turn of the detector starts the answer") {
  World world(answering(CommitAnswers::turns));
  detect_turns(world, true);
  world.speech(500);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 1);
  // Silence in the buffer is no turn.
  world.silence(400);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 1);
}

TEST_CASE("a response.create behind such a commit belongs to the same answer") {
  World world(answering(CommitAnswers::always));
  detect_turns(world, false);
  world.speech(500);
  world.client(protocol::InputAudioBufferCommit{});
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 1);
  CHECK(world.all<protocol::ErrorEvent>().empty());
  // One more asks for one more.
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 2);
}

TEST_CASE("a response.create about something else is its own") {
  World world(answering(CommitAnswers::always));
  detect_turns(world, false);
  world.speech(500);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  world.run_for(std::chrono::seconds(5));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 2);
}

TEST_CASE("too little audio is no commit, and no answer") {
  World world(answering(CommitAnswers::always));
  detect_turns(world, false);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().empty());
  CHECK(world.last_error().code == "input_audio_buffer_commit_empty");
}

TEST_CASE("numbered ids rise as the clock does, and items are UUIDs") {
  session::Options options = World::default_options();
  options.id_style = session::IdStyle::numbered;
  options.started_at = {1'750'000'000};
  World world(options);
  double last = 0;
  for (int i = 0; i < 20; ++i) {
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    const auto id = world.all<ResponseCreated>().back().response.id;
    REQUIRE(id.starts_with("resp_"));
    const double number = std::strtod(id.c_str() + 5, nullptr);
    CHECK(number >= 1'750'000'000);
    CHECK(number > last);
    last = number;
  }
  std::set<std::string> ids;
  for (const auto& added : world.all<protocol::ItemAdded>()) {
    CHECK(added.item.id.size() == 36);
    CHECK(ids.insert(added.item.id).second);
  }
}

}  // namespace
}  // namespace parley::tests
