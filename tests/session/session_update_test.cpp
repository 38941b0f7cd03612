// SPDX-License-Identifier: MIT
// Settings that change while audio is under way: what is buffered stays, and what was promised
// holds.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using base::AudioEncoding;
using base::AudioFormat;

void set_detection(World& world, std::optional<protocol::TurnDetection> detection) {
  protocol::SessionUpdate update;
  update.session.turn_detection = detection;
  world.client(update);
}

void set_input_format(World& world, AudioFormat format) {
  protocol::SessionUpdate update;
  update.session.input_format = format;
  world.client(update);
}

std::int64_t audio_bytes(World& world, const std::string& item_id) {
  world.client(protocol::ConversationItemRetrieve{item_id});
  const std::string audio =
      world.all<protocol::ItemRetrieved>().back().item.content.at(0).audio_base64;
  const auto padding = audio.size() - std::min(audio.find('='), audio.size());
  return std::ssize(audio) / 4 * 3 - static_cast<std::int64_t>(padding);
}

std::string commit(World& world) {
  world.client(protocol::InputAudioBufferCommit{});
  return world.all<protocol::InputAudioBufferCommitted>().back().item_id;
}

TEST_CASE("audio buffered by hand survives switching turn detection on and off again") {
  World world;
  set_detection(world, std::nullopt);
  world.silence(500);
  set_detection(world, protocol::TurnDetection{});
  world.silence(500);
  set_detection(world, std::nullopt);
  world.silence(500);
  CHECK(audio_bytes(world, commit(world)) == 48LL * 1500);
}

TEST_CASE("a detector switched on late finds the next turn, and counts from the session's start") {
  World world;
  set_detection(world, std::nullopt);
  world.silence(2000);
  world.client(protocol::InputAudioBufferClear{});
  world.silence(1000);
  set_detection(world, protocol::TurnDetection{});
  world.silence(500);
  world.speech(600);
  world.silence(500);
  const auto started = world.all<protocol::SpeechStarted>();
  REQUIRE(started.size() == 1);
  CHECK(std::abs(started[0].audio_start_ms - 3200) <= 60);
  const auto stopped = world.all<protocol::SpeechStopped>();
  REQUIRE(stopped.size() == 1);
  CHECK(std::abs(stopped[0].audio_end_ms - 4300) <= 60);
}

TEST_CASE("the end of a turn is waited for as long as the newest settings say") {
  World world;
  world.speech(600);
  protocol::TurnDetection patient;
  patient.silence_duration_ms = 1500;
  set_detection(world, patient);
  world.silence(1300);
  CHECK(world.all<protocol::SpeechStopped>().empty());
  world.silence(400);
  CHECK(world.all<protocol::SpeechStopped>().size() == 1);
}

TEST_CASE("a model that the client named stays, and an update with another one changes nothing") {
  session::Options options = World::default_options();
  options.defaults.model = "parley";
  protocol::SessionUpdate update;
  update.session.model = "other";
  update.session.instructions = "Be brief.";
  {
    World world(options);
    world.client(update);
    CHECK(world.all<protocol::SessionUpdated>().size() == 1);  // none was named
  }
  options.model_settled = true;
  World world(options);
  world.client(update, "client_1");
  CHECK(world.all<protocol::SessionUpdated>().empty());
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().param == "session.model");
  update.session.model = "parley";
  world.client(update);
  CHECK(world.all<protocol::SessionUpdated>().size() == 1);
}

TEST_CASE("eagerness says how long semantic_vad waits") {
  const auto stops_after = [](protocol::Eagerness eagerness) {
    World world;
    protocol::TurnDetection detection;
    detection.type = protocol::TurnDetectionType::semantic_vad;
    detection.eagerness = eagerness;
    set_detection(world, detection);
    world.speech(600);
    for (int ms = 0; ms < 9000; ms += 20) {
      if (!world.all<protocol::SpeechStopped>().empty()) return ms;
      world.silence(20);
    }
    return 9000;
  };
  CHECK(stops_after(protocol::Eagerness::high) < stops_after(protocol::Eagerness::medium));
  CHECK(stops_after(protocol::Eagerness::medium) < stops_after(protocol::Eagerness::low));
  CHECK(stops_after(protocol::Eagerness::automatic) == stops_after(protocol::Eagerness::medium));
}

TEST_CASE("buffered audio is converted when the input's rate changes, so its length stays") {
  const AudioFormat formats[] = {{AudioEncoding::pcm16, 8000},
                                 {AudioEncoding::pcm16, 16000},
                                 {AudioEncoding::pcm16, 48000},
                                 {AudioEncoding::g711_ulaw, 8000},
                                 {AudioEncoding::g711_alaw, 8000}};
  for (const auto format : formats) {
    CAPTURE(format.rate_hz);
    World world;
    set_detection(world, std::nullopt);
    world.speech(500);  // at 24 kHz
    set_input_format(world, format);
    world.speech(500);
    const double expected = 1.0 * format.rate_hz * format.bytes_per_sample();
    CHECK(static_cast<double>(audio_bytes(world, commit(world))) ==
          doctest::Approx(expected).epsilon(0.01));
  }
}

TEST_CASE("the input's rate may change in the middle of a spoken turn") {
  World world;
  world.silence(500);
  world.speech(500);
  set_input_format(world, {AudioEncoding::g711_alaw, 8000});
  world.speech(500);
  world.silence(600);
  world.run_until_quiet();
  CHECK(world.all<protocol::SpeechStarted>().size() == 1);
  REQUIRE(world.all<protocol::SpeechStopped>().size() == 1);
  CHECK(std::abs(world.all<protocol::SpeechStopped>()[0].audio_end_ms - 1700) <= 60);
  CHECK(world.all<protocol::ResponseDone>().size() == 1);
}

TEST_CASE("noise reduction may be switched in the middle of a turn and loses no time") {
  World world;
  world.silence(500);
  world.speech(500);
  for (const auto field :
       {protocol::NoiseReduction::near_field, protocol::NoiseReduction::far_field}) {
    protocol::SessionUpdate update;
    update.session.noise_reduction = std::optional(field);
    world.client(update);
    world.speech(190);
  }
  protocol::SessionUpdate update;
  update.session.noise_reduction = std::optional<protocol::NoiseReduction>();
  world.client(update);
  world.speech(120);
  world.silence(600);
  CHECK(world.all<protocol::SpeechStarted>().size() == 1);
  REQUIRE(world.all<protocol::SpeechStopped>().size() == 1);
  CHECK(std::abs(world.all<protocol::SpeechStopped>()[0].audio_end_ms - 1700) <= 80);
}

TEST_CASE("a refused update changes nothing, not even the fields that were fine") {
  World world(World::spoken_options());
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  protocol::SessionUpdate update;
  update.session.voice = "echo";
  update.session.instructions = "Be rude.";
  world.client(update, "u1");
  CHECK(world.last_error().code == "cannot_update_voice");
  CHECK(world.last_error().event_id == "u1");
  CHECK(world.session.config().instructions.empty());
  CHECK(world.all<protocol::SessionUpdated>().empty());
}

TEST_CASE("null clears transcription, and its words are no longer told") {
  World world;
  protocol::SessionUpdate update;
  update.session.transcription = protocol::Transcription{"whisper-1", "en", "names"};
  world.client(update);
  world.speech(500);
  world.silence(500);
  world.run_until_quiet();
  CHECK(world.all<protocol::TranscriptionCompleted>().size() == 1);
  update.session.transcription = std::optional<protocol::Transcription>();
  world.client(update);
  world.speech(500);
  world.silence(500);
  world.run_until_quiet();
  CHECK(world.all<protocol::TranscriptionCompleted>().size() == 1);
  CHECK(world.all<protocol::ResponseDone>().size() == 2);  // answered all the same
}

TEST_CASE("the output's format may change while an answer goes out: that answer keeps its own") {
  Script script;
  script.clause_ms = 1000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(200));
  protocol::SessionUpdate update;
  update.session.output_format = AudioFormat{AudioEncoding::g711_ulaw, 8000};
  world.client(update);
  world.run_until_quiet();
  const auto sent = [&world] {
    std::int64_t bytes = 0;
    for (const auto& heard : world.events) bytes += std::ssize(heard.audio);
    return bytes;
  };
  CHECK(sent() == 48000);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(sent() == 48000 + 8000);
}

}  // namespace
}  // namespace parley::tests
