// SPDX-License-Identifier: MIT
// response.cancel, at every stage of an answer.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ItemStatus;
using protocol::ResponseStatus;
using protocol::StatusReason;

protocol::Response cancelled(World& world) {
  world.client(protocol::ResponseCancel{});
  const auto done = world.all<protocol::ResponseDone>();
  REQUIRE_FALSE(done.empty());
  CHECK(done.back().response.status == ResponseStatus::cancelled);
  CHECK(done.back().response.reason == StatusReason::client_cancelled);
  return done.back().response;
}

TEST_CASE("a response may be cancelled while it waits for the user's words, which still come") {
  World world;
  protocol::SessionUpdate update;
  update.session.transcription = protocol::Transcription{"whisper-1", {}, {}};
  world.client(update);
  world.script.hearing_takes = std::chrono::seconds(3);
  world.speech(500);
  world.silence(500);
  CHECK(cancelled(world).output.empty());
  world.run_for(std::chrono::seconds(4));
  CHECK(world.asked.empty());
  CHECK(world.all<protocol::TranscriptionCompleted>().size() == 1);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(std::get<engine::Utterance>(world.asked.at(0).history.at(0)).text == "hello");
}

TEST_CASE("a response may be cancelled before the model's first word") {
  World world;
  world.script.word_takes = std::chrono::seconds(1);
  world.client(protocol::ResponseCreate{});
  CHECK(cancelled(world).output.empty());
  CHECK(world.cancelled == std::vector<session::JobId>{world.last_llm});
}

TEST_CASE("a text answer that was cancelled keeps what was written") {
  World world;
  world.script.answers = {engine::LlmText{"Once upon"}, engine::LlmText{" a time"},
                          engine::LlmDone{}};
  world.script.word_takes = std::chrono::seconds(1);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(1500));
  const auto item = cancelled(world).output.at(0);
  CHECK(item.status == ItemStatus::incomplete);
  CHECK(item.content.at(0).text == "Once upon");
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(std::get<engine::Utterance>(world.asked.back().history.at(0)).text == "Once upon");
}

TEST_CASE("a tool call that was cancelled is incomplete and never done") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{{}, "look"},
                          engine::LlmToolCallArguments{R"({"a":)"},
                          engine::LlmToolCallArguments{"1}"}, engine::LlmDone{}};
  world.script.word_takes = std::chrono::seconds(1);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(2500));
  const auto item = cancelled(world).output.at(0);
  CHECK(item.status == ItemStatus::incomplete);
  CHECK(world.all<protocol::FunctionCallArgumentsDone>().empty());
}

TEST_CASE("a spoken answer may be cancelled after its model is done, and its voice stops") {
  Script script;
  script.clause_ms = 5000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::seconds(2));
  const auto item = cancelled(world).output.at(0);
  CHECK(item.content.at(0).transcript != "Hello there.");  // the rest was not sent
  CHECK(world.cancelled.empty());                          // no engine was at work any more
  const auto events = world.events.size();
  world.run_for(std::chrono::seconds(10));
  CHECK(world.events.size() == events);
}

TEST_CASE("a response beside the conversation is cancelled by its id only") {
  World world;
  world.script.word_takes = std::chrono::seconds(1);
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  world.client(protocol::ResponseCancel{}, "c1");
  CHECK(world.last_error().code == "response_cancel_not_active");
  CHECK(world.all<protocol::ResponseDone>().empty());
  const auto id = world.all<protocol::ResponseCreated>().back().response.id;
  world.client(protocol::ResponseCancel{id});
  CHECK(world.all<protocol::ResponseDone>().back().response.id == id);
  world.client(protocol::ResponseCancel{id}, "c2");
  CHECK(world.last_error().event_id == "c2");
}

TEST_CASE("after a cancel the next response starts at once") {
  World world(World::spoken_options());
  for (int i = 0; i < 5; ++i) {
    world.client(protocol::ResponseCreate{});
    world.run_for(base::Milliseconds(i * 50));
    cancelled(world);
  }
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.all<protocol::ErrorEvent>().empty());
  CHECK(world.all<protocol::ResponseDone>().size() == 6);
}

TEST_CASE("engines that do not hear the cancel are not heard either") {
  Script script;
  script.ignores_cancel = true;
  script.answers = {engine::LlmText{"First of all, hello."}, engine::LlmText{" And more."},
                    engine::LlmDone{}};
  script.word_takes = std::chrono::milliseconds(500);
  script.voice_takes = std::chrono::milliseconds(700);
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(600));
  cancelled(world);
  const auto events = world.events.size();
  world.run_for(std::chrono::seconds(5));
  CHECK(world.events.size() == events);
}

}  // namespace
}  // namespace parley::tests
