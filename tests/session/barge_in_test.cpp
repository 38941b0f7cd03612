// SPDX-License-Identifier: MIT
// The user talks over an answer: what stops, what goes on, and what the history keeps of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseStatus;
using protocol::StatusReason;

Script long_answer() {
  Script script;
  script.answers = {engine::LlmText{"First of all, this is long. Then comes more. And more."},
                    engine::LlmDone{}};
  script.clause_ms = 2000;
  return script;
}

void set_detection(World& world, std::optional<protocol::TurnDetection> detection) {
  protocol::SessionUpdate update;
  update.session.turn_detection = detection;
  world.client(update);
}

TEST_CASE("a barge-in stops the voice's jobs and the model's") {
  Script script = long_answer();
  script.model_stalls = true;  // it would have had more to say
  script.voice_stalls = true;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(500));
  const auto model = world.last_llm;
  const auto voice = world.last_tts;
  world.speech(400);
  CHECK(std::count(world.cancelled.begin(), world.cancelled.end(), model) == 1);
  CHECK(std::count(world.cancelled.begin(), world.cancelled.end(), voice) == 1);
  CHECK(world.all<protocol::ResponseDone>().back().response.reason == StatusReason::turn_detected);
}

TEST_CASE("speech before the first word of an answer cancels it without output") {
  Script script;
  script.hearing_takes = std::chrono::seconds(3);
  World world(World::spoken_options(), script);
  world.speech(600);
  world.silence(400);
  REQUIRE(world.all<protocol::ResponseCreated>().size() == 1);  // waits for the words
  world.speech(400);
  const auto cancelled = world.all<protocol::ResponseDone>().back().response;
  CHECK(cancelled.status == ResponseStatus::cancelled);
  CHECK(cancelled.output.empty());
  CHECK(world.asked.empty());
  world.silence(600);
  world.run_until_quiet();
  // The next answer has heard both turns.
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].history.size() == 2);
  CHECK(world.all<protocol::ResponseDone>().back().response.status == ResponseStatus::completed);
}

TEST_CASE("a barge-in leaves responses beside the conversation alone") {
  World world(World::spoken_options(), long_answer());
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  const auto beside_id = world.all<protocol::ResponseCreated>().back().response.id;
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(500));
  world.speech(400);
  world.silence(600);
  world.run_until_quiet();
  for (const auto& done : world.all<protocol::ResponseDone>()) {
    if (done.response.id == beside_id) CHECK(done.response.status == ResponseStatus::completed);
  }
  CHECK(world.all<protocol::ResponseDone>().size() == 3);
}

TEST_CASE("the end of an interrupted answer is not history, once the client says what was heard") {
  World world(World::spoken_options(), long_answer());
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(900));
  world.speech(400);
  const auto cut = world.all<protocol::ResponseDone>().back().response.output.at(0);
  world.client(protocol::ConversationItemTruncate{cut.id, 0, 800});
  world.silence(600);
  world.run_until_quiet();
  const auto& heard = std::get<engine::Utterance>(world.asked.back().history.at(0));
  CHECK(heard.speaker == engine::Speaker::assistant);
  CHECK(heard.text == "First");  // "of" ends after 923 ms
}

TEST_CASE("a truncation may only shorten, and names both lengths when it cannot") {
  Script script = long_answer();
  script.answers = {engine::LlmText{"one two three four"}, engine::LlmDone{}};
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto item = world.all<protocol::ResponseDone>().back().response.output.at(0).id;
  world.client(protocol::ConversationItemTruncate{item, 0, 2001}, "t1");
  CHECK(world.last_error().message == "Audio content of 2000ms is already shorter than 2001ms");
  CHECK_FALSE(world.last_error().param);
  CHECK(world.last_error().event_id == "t1");
  world.client(protocol::ConversationItemTruncate{item, 0, 2000});
  world.client(protocol::ConversationItemTruncate{item, 0, 1000});
  world.client(protocol::ConversationItemTruncate{item, 0, 1000});
  CHECK(world.all<protocol::ItemTruncated>().size() == 3);
  world.client(protocol::ConversationItemTruncate{item, 0, 1500});
  CHECK(world.last_error().message == "Audio content of 1000ms is already shorter than 1500ms");
  world.client(protocol::ConversationItemTruncate{item, 0, 0});
  world.client(protocol::ConversationItemRetrieve{item});
  const auto left = world.all<protocol::ItemRetrieved>().back().item.content.at(0);
  CHECK(left.transcript == "");
  CHECK(left.audio_base64.empty());
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.asked.back().history.empty());  // nothing was heard, so nothing was said
}

TEST_CASE("without word times a truncation keeps whole clauses only") {
  Script script = long_answer();
  script.word_times = false;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto item = world.all<protocol::ResponseDone>().back().response.output.at(0).id;
  const auto transcript = [&] {
    world.client(protocol::ConversationItemRetrieve{item});
    return world.all<protocol::ItemRetrieved>().back().item.content.at(0).transcript.value_or("");
  };
  world.client(protocol::ConversationItemTruncate{item, 0, 4500});
  CHECK(transcript() == "First of all, this is long.");
  world.client(protocol::ConversationItemTruncate{item, 0, 1999});
  CHECK(transcript().empty());
}

TEST_CASE("only the audio of an assistant's message can be truncated") {
  World world;
  world.client(protocol::ResponseCreate{});  // a text answer
  world.run_until_quiet();
  const auto text = world.all<protocol::ResponseDone>().back().response.output.at(0).id;
  world.client(protocol::ConversationItemTruncate{text, 0, 0}, "t1");
  CHECK(world.last_error().param == "content_index");
  set_detection(world, std::nullopt);
  world.speech(300);
  world.client(protocol::InputAudioBufferCommit{});
  const auto spoken = world.all<protocol::InputAudioBufferCommitted>().back().item_id;
  world.client(protocol::ConversationItemTruncate{spoken, 0, 0}, "t2");
  CHECK(world.last_error().param == "content_index");
  CHECK(world.last_error().event_id == "t2");
  CHECK(world.all<protocol::ItemTruncated>().empty());
}

TEST_CASE("an answer that may not be interrupted is followed by one to what was said meanwhile") {
  World world(World::spoken_options(), long_answer());
  protocol::TurnDetection detection;
  detection.interrupt_response = false;
  set_detection(world, detection);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(500));
  world.speech(600);
  world.silence(500);
  world.run_until_quiet();
  REQUIRE(world.all<protocol::ResponseDone>().size() == 1);
  world.client(protocol::ResponseCreate{});  // the client's to ask for
  world.run_until_quiet();
  const auto& history = world.asked.back().history;
  REQUIRE(history.size() == 2);
  CHECK(std::get<engine::Utterance>(history[0]).speaker == engine::Speaker::assistant);
  CHECK(std::get<engine::Utterance>(history[1]).text == "hello");
}

TEST_CASE("an answer asked for while the user speaks is not interrupted by that same speech") {
  World world(World::spoken_options(), long_answer());
  world.speech(500);
  world.client(protocol::ResponseCreate{});
  world.speech(500);
  CHECK(world.all<protocol::ResponseDone>().empty());
  world.silence(500);
  world.run_until_quiet();
  CHECK(world.all<protocol::ResponseCreated>().size() == 1);  // it ran when the turn ended
  CHECK(world.all<protocol::ResponseDone>().back().response.status == ResponseStatus::completed);
}

}  // namespace
}  // namespace parley::tests
