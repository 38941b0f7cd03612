// SPDX-License-Identifier: MIT
// Clients that guess ids and ask at the wrong moment, engines that break their promises. The
// session answers with an error or a failed response, and goes on. What every test here also checks
// is in invariants.h.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ItemStatus;
using protocol::ResponseStatus;
using std::chrono::milliseconds;

protocol::ConversationItemCreate text_item(std::string id) {
  protocol::ConversationItemCreate create;
  create.item.id = std::move(id);
  create.item.content.push_back({protocol::PartType::input_text, "mine", {}, {}, {}, {}});
  return create;
}

Script long_answer() {
  Script script;
  script.answers = {engine::LlmText{"one two three four"}, engine::LlmDone{}};
  script.clause_ms = 1800;  // 100 ms a character
  return script;
}

void set_transcription(World& world) {
  protocol::SessionUpdate update;
  update.session.transcription = protocol::Transcription{"whisper-1", {}, {}};
  world.client(update);
}

std::string text_of(const protocol::Item& item) { return item.content.at(0).text; }

// ---- clients
// -------------------------------------------------------------------------------------

TEST_CASE("the id of a turn that is being spoken is taken") {
  World world;
  world.speech(600);
  const auto id = world.last<protocol::SpeechStarted>().item_id;
  world.client(text_item(id), "mine");
  CHECK(world.last_error().param == "item.id");
  CHECK(world.last_error().event_id == "mine");
  world.silence(600);
  CHECK(world.last<protocol::InputAudioBufferCommitted>().item_id == id);
}

TEST_CASE("an id that was freed while its item was being said belongs to its new item") {
  World world(World::spoken_options(), long_answer());
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(500));
  const auto id = world.last<protocol::ItemAdded>().item.id;
  world.client(protocol::ConversationItemDelete{id});
  world.client(text_item(id));
  world.client(protocol::ConversationItemRetrieve{id});
  CHECK(text_of(world.last<protocol::ItemRetrieved>().item) == "mine");
  world.client(protocol::ConversationItemTruncate{id, 0, 100});
  CHECK(world.last_error().code == "invalid_value");
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
  world.client(protocol::ConversationItemRetrieve{id});
  CHECK(text_of(world.last<protocol::ItemRetrieved>().item) == "mine");
}

TEST_CASE("an id seen out of band may be used in the conversation") {
  World world;
  world.script.word_takes = milliseconds(500);
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  world.run_for(milliseconds(600));
  const auto id = world.all<protocol::OutputItemAdded>().at(0).item.id;
  world.client(text_item(id));
  world.run_until_quiet();
  world.client(protocol::ConversationItemRetrieve{id});
  CHECK(text_of(world.last<protocol::ItemRetrieved>().item) == "mine");
}

TEST_CASE("a truncation that is refused does not stop what is being said") {
  World world(World::spoken_options(), long_answer());
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(500));
  const auto id = world.last<protocol::ItemAdded>().item.id;
  world.client(protocol::ConversationItemTruncate{id, 0, 60000}, "far");
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().event_id == "far");
  world.client(protocol::ConversationItemTruncate{id, 1, 100}, "part");
  CHECK(world.last_error().param == "content_index");
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("deleting the turn that a response waits for lets it go on without") {
  Script script;
  script.hearing_stalls = true;
  World world(World::default_options(), script);
  world.speech(600);
  world.silence(600);
  CHECK(world.asked.empty());
  world.client(protocol::ConversationItemDelete{world.last<protocol::ItemAdded>().item.id});
  CHECK(world.asked.size() == 1);
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

// ---- recognisers
// ---------------------------------------------------------------------------------

TEST_CASE("a recogniser may be done before the turn is: its words wait for the item") {
  World world;
  set_transcription(world);
  world.speech(400);
  world.stt_says(world.last_stt, engine::SttPartial{"ear"});
  world.stt_says(world.last_stt, engine::SttFinal{"early"});
  const auto heard = world.samples_heard;
  world.speech(400);
  CHECK(world.samples_heard == heard);  // nobody listens any more
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.last<protocol::TranscriptionCompleted>().transcript == "early");
  CHECK(std::get<engine::Utterance>(world.asked.at(0).history.at(0)).text == "early");
}

TEST_CASE("a recogniser that fails while the user speaks fails the answer, not the turn") {
  World world;
  set_transcription(world);
  world.speech(400);
  world.stt_says(world.last_stt, engine::Failure{"server_error", "gone"});
  world.speech(400);
  world.silence(600);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  CHECK(world.all<protocol::TranscriptionFailed>().size() == 1);
  CHECK(world.last<protocol::ResponseDone>().response.error_message == "gone");
}

TEST_CASE("an earlier turn that nobody understood does not keep the next one from its answer") {
  World world;
  world.script.hearing_fails = true;
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::failed);
  world.script.hearing_fails = false;
  world.client(text_item({}));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("an answer to a reference that nobody understood fails with the reason") {
  World world;
  world.script.hearing_fails = true;
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  beside.input.emplace();
  beside.input->push_back({world.last<protocol::InputAudioBufferCommitted>().item_id, {}});
  world.client(beside);
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.error_message == "the recogniser is gone");
}

TEST_CASE("a failed transcription names the part that holds the audio") {
  World world;
  set_transcription(world);
  world.script.hearing_fails = true;
  auto create = text_item({});
  create.item.content.push_back({protocol::PartType::input_audio, {}, {}, "AAAAAAAA", {}, {}});
  world.client(create);
  world.run_for(milliseconds(50));
  const auto failed = world.all<protocol::TranscriptionFailed>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].content_index == 1);
}

TEST_CASE("nobody is asked what was said in the silence of an idle timeout") {
  World world;
  set_transcription(world);
  protocol::SessionUpdate update;
  protocol::TurnDetection detection;
  detection.idle_timeout_ms = 5000;
  update.session.turn_detection = std::optional(detection);
  world.client(update);
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(5500));  // and the client sends no audio at all
  CHECK(world.all<protocol::TimeoutTriggered>().size() == 1);
  CHECK(world.last_stt == 0);
  CHECK(world.last<protocol::TranscriptionCompleted>().transcript.empty());
  CHECK(world.all<protocol::ResponseCreated>().size() == 2);
}

// ---- models
// --------------------------------------------------------------------------------------

TEST_CASE("arguments of no call fail the response") {
  World world;
  world.script.answers = {engine::LlmToolCallArguments{"{}"}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto done = world.last<protocol::ResponseDone>().response;
  CHECK(done.status == ResponseStatus::failed);
  CHECK(done.error_code == "server_error");
}

TEST_CASE("a call without arguments has an empty object") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{"call_1", "now"}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.output.at(0).arguments == "{}");
  CHECK(world.all<protocol::FunctionCallArgumentsDelta>().size() == 1);
}

TEST_CASE("a model's call id that no client could name is replaced by ours") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{std::string(40, 'x'), "now"}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto call = world.last<protocol::ResponseDone>().response.output.at(0);
  CHECK(call.call_id.starts_with("call_"));
  CHECK(call.call_id.size() == 21);
}

TEST_CASE("a call that was cut short is not history") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{{}, "now"},
                          engine::LlmToolCallArguments{R"({"zone":)"}, engine::LlmDone{}};
  world.script.model_stalls = true;
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(100));
  world.client(protocol::ResponseCancel{});
  CHECK(world.last<protocol::ResponseDone>().response.output.at(0).status ==
        ItemStatus::incomplete);
  world.client(protocol::ResponseCreate{});
  CHECK(world.asked.back().history.empty());
}

TEST_CASE("a model that never ends can be cancelled, and its late words are not heard") {
  World world;
  world.script.model_stalls = true;
  world.script.ignores_cancel = true;
  world.script.word_takes = milliseconds(300);
  world.client(protocol::ResponseCreate{});
  world.client(protocol::ResponseCancel{});
  const auto said = world.events.size();
  world.run_for(std::chrono::seconds(10));
  CHECK(world.events.size() == said);
}

// ---- voices
// --------------------------------------------------------------------------------------

TEST_CASE("what a voice says after its end is not heard") {
  World world(World::spoken_options(), long_answer());
  world.client(protocol::ResponseCreate{});
  world.run_for(milliseconds(300));
  world.tts_says(world.last_tts, engine::TtsAudio{std::vector<std::int16_t>(16000), 16000});
  world.tts_says(world.last_tts, engine::TtsDone{});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("sound at a rate that does not exist fails the response") {
  for (const int rate : {0, -1, 1'000'000}) {
    Script script = long_answer();
    script.voice_takes = std::chrono::hours(1);
    World world(World::spoken_options(), script);
    world.client(protocol::ResponseCreate{});
    world.run_for(milliseconds(300));
    world.tts_says(world.last_tts, engine::TtsAudio{std::vector<std::int16_t>(160), rate});
    CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::failed);
  }
}

TEST_CASE("a word is heard when it was spoken, whatever silence follows") {
  Script script = long_answer();
  script.clause_tail_ms = 600;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto id = world.last<protocol::ResponseDone>().response.output.at(0).id;
  world.client(protocol::ConversationItemTruncate{id, 0, 1900});
  world.client(protocol::ConversationItemRetrieve{id});
  CHECK(world.last<protocol::ItemRetrieved>().item.content.at(0).transcript ==
        "one two three four");
}

TEST_CASE("no sample is lost between clauses, however late the next one comes") {
  for (const int gap_ms : {5, 4000}) {
    Script script;
    script.answers = {engine::LlmText{"This is the first one."}, engine::LlmText{" A second."},
                      engine::LlmText{" "}, engine::LlmDone{}};
    script.word_takes = milliseconds(gap_ms);
    script.clause_ms = 1000;
    World world(World::spoken_options(), script);
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    std::size_t bytes = 0;
    for (const auto& heard : world.events) bytes += heard.audio.size();
    CHECK(bytes == world.spoken.size() * 48000);
  }
}

}  // namespace
}  // namespace parley::tests
