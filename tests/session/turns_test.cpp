// SPDX-License-Identifier: MIT
// The user's turns: found by the detector or committed by hand, and what they cause.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseStatus;
using protocol::StatusReason;
using Types = std::vector<std::string>;

void set_detection(World& world, std::optional<protocol::TurnDetection> detection) {
  protocol::SessionUpdate update;
  update.session.turn_detection = detection;
  world.client(update);
}

void set_transcription(World& world) {
  protocol::SessionUpdate update;
  update.session.transcription = protocol::Transcription{"whisper-1", {}, {}};
  world.client(update);
}

TEST_CASE("a spoken turn goes from speech to answer in the documented order") {
  World world(World::spoken_options());
  set_transcription(world);
  world.silence(500);
  world.speech(800);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.types() == Types{"session.created",
                               "session.updated",
                               "input_audio_buffer.speech_started",
                               "input_audio_buffer.speech_stopped",
                               "input_audio_buffer.committed",
                               "conversation.item.added",
                               "conversation.item.done",
                               "response.created",
                               "conversation.item.input_audio_transcription.delta",
                               "conversation.item.input_audio_transcription.completed",
                               "response.output_item.added",
                               "conversation.item.added",
                               "response.content_part.added",
                               "response.output_audio_transcript.delta",
                               "response.output_audio.delta",
                               "response.output_audio.done",
                               "response.output_audio_transcript.done",
                               "response.content_part.done",
                               "conversation.item.done",
                               "response.output_item.done",
                               "response.done",
                               "rate_limits.updated"});
  CHECK(world.last<protocol::TranscriptionCompleted>().transcript == "hello");
  REQUIRE(world.asked.size() == 1);
  const auto& said = std::get<engine::Utterance>(world.asked[0].history.at(0));
  CHECK(said.text == "hello");
  CHECK(said.spoken);
}

TEST_CASE("offsets count audio time, with padding before and silence behind, across commits") {
  World world;
  world.silence(1000);
  world.speech(800);
  world.silence(1200);
  world.speech(600);
  world.silence(600);
  const auto started = world.all<protocol::SpeechStarted>();
  const auto stopped = world.all<protocol::SpeechStopped>();
  REQUIRE(started.size() == 2);
  REQUIRE(stopped.size() == 2);
  CHECK(std::abs(started[0].audio_start_ms - 700) <= 60);  // 1000 less 300 of padding
  CHECK(std::abs(stopped[0].audio_end_ms - 2000) <= 60);   // 1800 and 200 of silence
  CHECK(std::abs(started[1].audio_start_ms - 2700) <= 60);
  CHECK(std::abs(stopped[1].audio_end_ms - 3800) <= 60);
}

TEST_CASE("audio faster than real time, or cut otherwise, gives the same turns") {
  const auto turns = [](bool real_time, int frame_ms) {
    World world;
    world.real_time = real_time;
    world.frame_ms = frame_ms;
    for (int i = 0; i < 2; ++i) {
      world.silence(700);
      world.speech(1000);
      world.silence(700);
    }
    std::vector<std::int64_t> offsets;
    for (const auto& event : world.all<protocol::SpeechStarted>()) {
      offsets.push_back(event.audio_start_ms);
    }
    for (const auto& event : world.all<protocol::SpeechStopped>()) {
      offsets.push_back(event.audio_end_ms);
    }
    return offsets;
  };
  const auto reference = turns(true, 20);
  CHECK(reference.size() == 4);
  CHECK(turns(false, 20) == reference);
  CHECK(turns(false, 10) == reference);
  CHECK(turns(true, 37) == reference);
  CHECK(turns(false, 700) == reference);
}

TEST_CASE("speech during an answer cancels it, stops its engines and sends nothing more of it") {
  Script script;
  script.clause_ms = 4000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::seconds(1));
  const auto before = world.all<protocol::AudioDelta>().size();
  CHECK(before > 5);
  world.speech(400);
  const auto done = world.last<protocol::ResponseDone>().response;
  CHECK(done.status == ResponseStatus::cancelled);
  CHECK(done.reason == StatusReason::turn_detected);
  CHECK(done.output.at(0).status == protocol::ItemStatus::incomplete);
  const auto after = world.all<protocol::AudioDelta>().size();
  world.silence(100);
  CHECK(world.all<protocol::AudioDelta>().size() == after);
}

TEST_CASE("without interrupt_response an answer runs on and the turn creates none") {
  Script script;
  script.clause_ms = 4000;
  World world(World::spoken_options(), script);
  protocol::TurnDetection detection;
  detection.interrupt_response = false;
  set_detection(world, detection);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(500));
  world.speech(600);
  world.silence(500);
  world.run_until_quiet();
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  CHECK(world.all<protocol::ResponseCreated>().size() == 1);
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("without create_response the turn becomes an item and waits for the client") {
  World world;
  protocol::TurnDetection detection;
  detection.create_response = false;
  set_detection(world, detection);
  world.speech(600);
  world.silence(600);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  CHECK(world.all<protocol::ResponseCreated>().empty());
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::TextDone>().text == "Hello there.");
}

TEST_CASE("a turn committed by hand becomes an item, and only response.create answers it") {
  World world;
  set_detection(world, std::nullopt);
  world.speech(500);
  world.client(protocol::InputAudioBufferCommit{});
  world.run_for(std::chrono::seconds(1));
  CHECK(world.types() == Types{"session.created", "session.updated", "input_audio_buffer.committed",
                               "conversation.item.added", "conversation.item.done"});
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(std::get<engine::Utterance>(world.asked.at(0).history.at(0)).text == "hello");
}

TEST_CASE("a commit of less than 100 ms is refused and loses nothing") {
  World world;
  set_detection(world, std::nullopt);
  world.client(protocol::InputAudioBufferCommit{}, "c1");
  const auto empty = world.last_error();
  CHECK(empty.code == "input_audio_buffer_commit_empty");
  CHECK(empty.event_id == "c1");
  CHECK(empty.message ==
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        "but buffer only has 0.00ms of audio.");
  world.speech(60);
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.last_error().message.find("60.00ms") != std::string::npos);
  world.speech(60);
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
}

TEST_CASE("a commit during speech ends the turn, without speech_stopped and without an answer") {
  World world;
  world.speech(600);
  world.client(protocol::InputAudioBufferCommit{});
  world.silence(600);
  CHECK(world.all<protocol::SpeechStopped>().empty());
  CHECK(world.all<protocol::ResponseCreated>().empty());
  CHECK(world.last<protocol::InputAudioBufferCommitted>().item_id ==
        world.last<protocol::SpeechStarted>().item_id);
}

TEST_CASE("clearing the buffer during speech forgets the turn") {
  World world;
  world.speech(600);
  world.client(protocol::InputAudioBufferClear{});
  CHECK(world.cancelled.size() == 1);  // its recognition
  world.silence(600);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().empty());
  world.speech(600);
  world.silence(600);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
}

TEST_CASE("audio that is no whole sample is refused and the buffer stays") {
  World world;
  set_detection(world, std::nullopt);
  world.speech(100);
  const std::uint8_t odd[3] = {1, 2, 3};
  world.session.handle(session::AudioAppended{odd, "a1"}, world.now);
  auto output = world.session.poll();
  const auto& error = std::get<protocol::ErrorEvent>(std::get<protocol::ServerEvent>(*output).body);
  CHECK(error.code == "invalid_value");
  CHECK(error.param == "audio");
  CHECK(error.event_id == "a1");
  CHECK_FALSE(world.session.poll());
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
}

TEST_CASE("a turn in G.711 at 8 kHz is kept as it came and heard all the same") {
  World world;
  protocol::SessionUpdate update;
  update.session.input_format = base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
  world.client(update);
  world.speech(800);
  world.silence(600);
  world.run_until_quiet();
  const auto item = world.last<protocol::InputAudioBufferCommitted>().item_id;
  world.client(protocol::ConversationItemRetrieve{item});
  const std::string audio = world.last<protocol::ItemRetrieved>().item.content.at(0).audio_base64;
  const double bytes = static_cast<double>(audio.size()) * 3 / 4;
  CHECK(bytes == doctest::Approx(8 * 1000).epsilon(0.1));  // a byte a sample, about a second
}

TEST_CASE("a failed recognition fails the answer with the reason, and the session lives on") {
  Script script;
  script.hearing_fails = true;
  World world(World::default_options(), script);
  set_transcription(world);
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.all<protocol::TranscriptionFailed>().size() == 1);
  const auto failed = world.last<protocol::ResponseDone>().response;
  CHECK(failed.status == ResponseStatus::failed);
  CHECK(failed.error_message == "the recogniser is gone");

  world.script.hearing_fails = false;
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("turn detection may be switched off while the user speaks: nothing is lost") {
  World world;
  world.speech(600);
  set_detection(world, std::nullopt);
  world.speech(300);
  world.client(protocol::InputAudioBufferCommit{});
  const auto item = world.last<protocol::InputAudioBufferCommitted>().item_id;
  CHECK(item == world.last<protocol::SpeechStarted>().item_id);
  world.client(protocol::ConversationItemRetrieve{item});
  const std::string audio = world.last<protocol::ItemRetrieved>().item.content.at(0).audio_base64;
  CHECK(static_cast<double>(audio.size()) * 3 / 4 ==
        doctest::Approx(48.0 * 900).epsilon(0.02));  // 24 kHz, 16 bit
}

TEST_CASE("when nobody speaks for the idle timeout the session speaks up") {
  World world;
  protocol::TurnDetection detection;
  detection.idle_timeout_ms = 5000;
  set_detection(world, detection);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  world.silence(5500);
  world.run_until_quiet();
  CHECK(world.all<protocol::TimeoutTriggered>().size() == 1);
  CHECK(world.all<protocol::ResponseDone>().size() == 2);
}

}  // namespace
}  // namespace parley::tests
