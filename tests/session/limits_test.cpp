// SPDX-License-Identifier: MIT
// Bounds: what is too much is refused with an error, and the session lives on.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseStatus;
using protocol::StatusReason;

void detect_nothing(World& world) {
  protocol::SessionUpdate update;
  update.session.turn_detection = std::optional<protocol::TurnDetection>();
  world.client(update);
}

TEST_CASE("the input buffer takes as much as its maximum and refuses more until it is emptied") {
  session::Options options = World::default_options();
  options.input_audio_max = std::chrono::seconds(2);
  World world(options);
  detect_nothing(world);
  world.real_time = false;
  world.silence(2000);
  CHECK(world.all<protocol::ErrorEvent>().empty());
  world.append_bytes(std::vector<std::uint8_t>(960), "a1");
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().param == "audio");
  CHECK(world.last_error().event_id == "a1");
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  world.silence(2000);
  world.client(protocol::InputAudioBufferClear{});
  world.silence(2000);
  CHECK(world.all<protocol::ErrorEvent>().size() == 1);
}

TEST_CASE("silence never fills the buffer while a detector listens") {
  session::Options options = World::default_options();
  options.input_audio_max = std::chrono::seconds(5);
  World world(options);
  world.real_time = false;
  world.frame_ms = 100;
  world.silence(60'000);
  CHECK(world.all<protocol::ErrorEvent>().empty());
  world.speech(1000);
  world.silence(600);
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
}

TEST_CASE("responses out of band have a maximum, the default one has none to share") {
  session::Options options = World::default_options();
  options.responses_max = 2;
  World world(options);
  world.script.model_stalls = true;
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  world.client(beside);
  world.client(beside, "r3");
  CHECK(world.last_error().code == "conversation_already_has_active_response");
  CHECK(world.last_error().event_id == "r3");
  world.client(protocol::ResponseCreate{});
  CHECK(world.all<protocol::ResponseCreated>().size() == 3);
  world.client(
      protocol::ResponseCancel{world.all<protocol::ResponseCreated>().front().response.id});
  world.client(beside);
  CHECK(world.all<protocol::ResponseCreated>().size() == 4);
  while (world.all<protocol::ResponseDone>().size() < 4) {
    const auto before = world.all<protocol::ResponseDone>().size();
    for (const auto& created : world.all<protocol::ResponseCreated>()) {
      world.client(protocol::ResponseCancel{created.response.id});
    }
    REQUIRE(world.all<protocol::ResponseDone>().size() > before);
  }
}

TEST_CASE("the token limit goes to the model and shows in the response") {
  World world;
  protocol::SessionUpdate update;
  update.session.max_output_tokens = std::optional<int>(100);
  world.client(update);
  world.client(protocol::ResponseCreate{});
  CHECK(world.all<protocol::ResponseCreated>().back().response.max_output_tokens == 100);
  world.run_until_quiet();
  protocol::ResponseCreate request;
  request.max_output_tokens = std::optional<int>(7);
  world.client(request);
  world.run_until_quiet();
  request.max_output_tokens = std::optional<int>();  // "inf"
  world.client(request);
  world.run_until_quiet();
  REQUIRE(world.asked.size() == 3);
  CHECK(world.asked[0].max_output_tokens == 100);
  CHECK(world.asked[1].max_output_tokens == 7);
  CHECK_FALSE(world.asked[2].max_output_tokens);
}

TEST_CASE("a content filter leaves the response incomplete and says so") {
  World world;
  world.script.answers = {engine::LlmText{"I must"},
                          engine::LlmDone{engine::LlmFinish::content_filter, {}, {}}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto done = world.all<protocol::ResponseDone>().back().response;
  CHECK(done.status == ResponseStatus::incomplete);
  CHECK(done.reason == StatusReason::content_filter);
}

TEST_CASE("an answer that was cut at its limit has spoken all that the model wrote") {
  World world(World::spoken_options());
  world.script.answers = {engine::LlmText{"Once upon a time. There was"},
                          engine::LlmDone{engine::LlmFinish::length, {}, {}}};
  world.script.clause_ms = 1000;
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto done = world.all<protocol::ResponseDone>().back().response;
  CHECK(done.status == ResponseStatus::incomplete);
  CHECK(done.output.at(0).content.at(0).transcript == "Once upon a time. There was");
}

TEST_CASE("an empty append says nothing and changes nothing") {
  World world;
  const auto before = world.events.size();
  world.append_bytes({}, "a1");
  CHECK(world.events.size() == before);
}

TEST_CASE("half samples are refused in 16 bits, and do not exist in G.711") {
  World world;
  detect_nothing(world);
  world.append_bytes(std::vector<std::uint8_t>(4801), "odd");
  CHECK(world.last_error().event_id == "odd");
  CHECK(world.last_error().message.find("4801") != std::string::npos);
  protocol::SessionUpdate update;
  update.session.input_format = base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
  world.client(update);
  world.append_bytes(std::vector<std::uint8_t>(801, 0xff));
  world.client(protocol::InputAudioBufferCommit{});
  CHECK(world.all<protocol::InputAudioBufferCommitted>().size() == 1);
  CHECK(world.all<protocol::ErrorEvent>().size() == 1);
}

}  // namespace
}  // namespace parley::tests
