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

session::Options waiting() {
  session::Options options = answering(CommitAnswers::always);
  options.answers_wait = true;
  return options;
}

void ask(World& world, const std::string& text) {
  protocol::ConversationItemCreate create;
  create.item.role = protocol::Role::user;
  protocol::ContentPart part;
  part.type = protocol::PartType::input_text;
  part.text = text;
  create.item.content.push_back(std::move(part));
  world.client(create);
  world.client(protocol::ResponseCreate{});
}

TEST_CASE("where answers wait, a turn spoken over an answer is answered next") {
  Script script;
  script.answers = {engine::LlmText{"This takes a good while to say, so one may speak over it."},
                    engine::LlmDone{}};
  script.word_takes = std::chrono::milliseconds(1500);
  World world(waiting(), script);
  protocol::TurnDetection detection;
  detection.interrupt_response = false;
  protocol::SessionUpdate update;
  update.session.turn_detection.emplace(detection);
  world.client(update);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(300));
  world.speech(600);
  world.silence(700);
  REQUIRE(world.all<ResponseCreated>().size() == 1);
  // What its client asks for on hearing of the turn is the same answer.
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 2);
  CHECK(world.all<protocol::ErrorEvent>().empty());
}

TEST_CASE("where answers wait, each response.create has its own, in their order") {
  World world(waiting());
  detect_turns(world, false);
  ask(world, "one");
  ask(world, "two");
  ask(world, "three");
  CHECK(world.all<ResponseCreated>().size() == 1);
  for (int i = 0; i < 3; ++i) world.run_until_quiet();
  CHECK(world.all<ResponseCreated>().size() == 3);
  CHECK(world.all<protocol::ResponseDone>().size() == 3);
  CHECK(world.all<protocol::ErrorEvent>().empty());
}

TEST_CASE("where answers wait, not any number of them does") {
  session::Options options = waiting();
  options.responses_max = 2;
  World world(options);
  detect_turns(world, false);
  for (int i = 0; i < 4; ++i) ask(world, "more");
  CHECK(world.last_error().code == "conversation_already_has_active_response");
}

TEST_CASE("where answers wait, speech that interrupts ends the waiting too") {
  Script script;
  script.word_takes = std::chrono::milliseconds(1500);
  World world(waiting(), script);
  detect_turns(world, true);
  ask(world, "one");
  ask(world, "two");
  world.run_for(std::chrono::milliseconds(300));
  world.speech(600);
  world.silence(700);
  world.run_until_quiet();
  world.run_until_quiet();
  const auto done = world.all<protocol::ResponseDone>();
  REQUIRE(done.size() == 2);
  CHECK(done[0].response.status == protocol::ResponseStatus::cancelled);
}

TEST_CASE("the voice may change after it was heard where that was asked for") {
  for (const bool may : {false, true}) {
    session::Options options = World::spoken_options();
    options.voice_changes = may;
    World world(options);
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    protocol::SessionUpdate update;
    update.session.voice = "echo";
    world.client(update);
    CHECK(world.all<protocol::ErrorEvent>().empty() == may);
  }
}

TEST_CASE("a short commit counts where that was asked for") {
  session::Options options = waiting();
  options.commit_ms_min = 1;
  World world(options);
  detect_turns(world, false);
  world.speech(40);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_until_quiet();
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  world.client(protocol::InputAudioBufferCommit{});
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
