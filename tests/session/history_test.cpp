// SPDX-License-Identifier: MIT
// What the model is given: the conversation as text, its tools and its orders; and what that costs.
#include <doctest/doctest.h>

#include "audio/base64.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ItemType;
using protocol::PartType;
using protocol::Role;

protocol::ConversationItemCreate message(Role role, PartType type, std::string text) {
  protocol::ConversationItemCreate create;
  create.item.role = role;
  create.item.content.push_back({type, std::move(text), {}, {}, {}, {}});
  return create;
}

const engine::Utterance& utterance(const engine::LlmRequest& request, std::size_t index) {
  return std::get<engine::Utterance>(request.history.at(index));
}

void ask(World& world, const protocol::ResponseCreate& request = {}) {
  world.client(request);
  world.run_until_quiet();
}

TEST_CASE("the model reads the conversation in its order, whoever spoke and however") {
  World world;
  world.client(message(Role::system, PartType::input_text, "Be brief."));
  world.client(message(Role::assistant, PartType::text, "Hello."));
  protocol::ConversationItemCreate both = message(Role::user, PartType::input_text, "Look:");
  both.item.content.push_back({PartType::input_text, "a picture", {}, {}, {}, {}});
  both.item.content.push_back({PartType::input_image, {}, {}, {}, "data:image/png;base64,AA", {}});
  world.client(both);
  world.speech(500);
  world.silence(500);
  world.run_until_quiet();
  const auto& request = world.asked.at(0);
  REQUIRE(request.history.size() == 4);
  CHECK(utterance(request, 0).speaker == engine::Speaker::system);
  CHECK(utterance(request, 1).speaker == engine::Speaker::assistant);
  CHECK(utterance(request, 2).text == "Look:\na picture");
  CHECK(utterance(request, 2).images == std::vector<engine::Image>{{"data:image/png;base64,AA"}});
  CHECK_FALSE(utterance(request, 2).spoken);
  CHECK(utterance(request, 3).spoken);
}

TEST_CASE("a turn in which nothing was understood is still told to the model") {
  World world;
  world.script.hears = {""};
  world.speech(500);
  world.silence(500);
  world.run_until_quiet();
  REQUIRE(world.asked.at(0).history.size() == 1);
  CHECK(utterance(world.asked[0], 0).text.empty());
  CHECK(utterance(world.asked[0], 0).spoken);
}

TEST_CASE("a deleted item is forgotten by the next answer") {
  World world;
  auto secret = message(Role::user, PartType::input_text, "The secret is 42.");
  secret.item.id = "secret";
  world.client(secret);
  world.client(message(Role::user, PartType::input_text, "Hello."));
  world.client(protocol::ConversationItemDelete{"secret"});
  ask(world);
  REQUIRE(world.asked.at(0).history.size() == 1);
  CHECK(utterance(world.asked[0], 0).text == "Hello.");
}

TEST_CASE("a response's own settings stand before the session's, for this response only") {
  World world;
  protocol::SessionUpdate update;
  update.session.instructions = "Be kind.";
  update.session.tools = std::vector<protocol::Tool>{
      protocol::FunctionTool{"weather", "Tells it.", {R"({"type":"object"})"}}};
  world.client(update);
  protocol::ResponseCreate request;
  request.instructions = "Be rude.";
  request.tools.emplace();
  request.output_modality = protocol::Modality::audio;
  ask(world, request);
  ask(world);
  REQUIRE(world.asked.size() == 2);
  CHECK(world.asked[0].instructions == "Be rude.");
  CHECK(world.asked[0].tools.empty());
  CHECK(world.asked[1].instructions == "Be kind.");
  REQUIRE(world.asked[1].tools.size() == 1);
  CHECK(world.asked[1].tools[0].parameters.text == R"({"type":"object"})");
  CHECK(world.all<protocol::AudioDone>().size() == 1);
  CHECK(world.all<protocol::TextDone>().size() == 1);
}

TEST_CASE("each tool choice says what the model may and must do") {
  World world;
  const auto with = [&world](protocol::ToolChoice choice) {
    protocol::ResponseCreate request;
    request.tool_choice = std::move(choice);
    ask(world, request);
    return world.asked.back();
  };
  using Mode = protocol::ToolChoiceMode;
  CHECK(with({Mode::automatic, {}}).tools_allowed);
  CHECK_FALSE(with({Mode::automatic, {}}).tool_required);
  CHECK_FALSE(with({Mode::none, {}}).tools_allowed);
  CHECK(with({Mode::required, {}}).tool_required);
  CHECK(with({Mode::function, "weather"}).forced_tool == "weather");
}

TEST_CASE("one tool call goes out, its result comes back, and the model goes on from both") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{"call_1", "weather"},
                          engine::LlmToolCallArguments{R"({"city":)"},
                          engine::LlmToolCallArguments{R"("Rome"})"}, engine::LlmDone{}};
  world.client(message(Role::user, PartType::input_text, "Weather in Rome?"));
  const auto before = world.events.size();
  ask(world);
  std::vector<std::string> types;
  for (std::size_t i = before; i < world.events.size(); ++i) {
    types.push_back(name_of(world.events[i].event.body));
  }
  CHECK(collapsed(types) == std::vector<std::string>{
                                "response.created", "response.output_item.added",
                                "conversation.item.added", "response.function_call_arguments.delta",
                                "response.function_call_arguments.done", "conversation.item.done",
                                "response.output_item.done", "response.done",
                                "rate_limits.updated"});
  const auto call = world.all<protocol::FunctionCallArgumentsDone>().at(0);
  CHECK(call.name == "weather");
  CHECK(call.arguments == R"({"city":"Rome"})");

  protocol::ConversationItemCreate result;
  result.item.type = ItemType::function_call_output;
  result.item.call_id = call.call_id;
  result.item.output = "21 degrees";
  world.client(result);
  CHECK(world.asked.size() == 1);  // nothing goes on by itself
  world.script.answers = {engine::LlmText{"It is 21 degrees."}, engine::LlmDone{}};
  ask(world);
  const auto& history = world.asked.back().history;
  REQUIRE(history.size() == 3);
  CHECK(std::get<engine::ToolCall>(history[1]).arguments == R"({"city":"Rome"})");
  CHECK(std::get<engine::ToolResult>(history[2]).call_id == "call_1");
  CHECK(world.all<protocol::TextDone>().back().text == "It is 21 degrees.");
}

TEST_CASE("an empty input is an empty context, in the conversation and beside it") {
  for (const bool out_of_band : {false, true}) {
    World world;
    world.client(message(Role::user, PartType::input_text, "Hello."));
    protocol::ResponseCreate request;
    request.out_of_band = out_of_band;
    request.input.emplace();
    ask(world, request);
    CHECK(world.asked.at(0).history.empty());
    CHECK(world.all<protocol::ItemAdded>().size() == (out_of_band ? 1 : 2));
  }
}

TEST_CASE("an answer still being given is no history for one beside it") {
  World world;
  world.script.word_takes = std::chrono::seconds(1);
  world.script.answers = {engine::LlmText{"Once"}, engine::LlmText{" upon"}, engine::LlmDone{}};
  world.client(message(Role::user, PartType::input_text, "Tell me a story."));
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(1500));
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  CHECK(world.asked.back().history.size() == 1);
  world.run_until_quiet();

  world.script.answers = {engine::LlmToolCallBegin{{}, "look"},
                          engine::LlmToolCallArguments{R"({"a":1})"}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(1500));
  world.client(beside);
  CHECK(world.asked.back().history.size() == 2);  // the story, and no half of a call
  world.run_until_quiet();
}

TEST_CASE("usage counts a token per 100 ms of the user's sound and per 50 ms of the assistant's") {
  Script script;
  script.clause_ms = 1000;
  World world(World::spoken_options(), script);
  protocol::SessionUpdate update;
  update.session.turn_detection = std::optional<protocol::TurnDetection>();
  world.client(update);
  world.speech(1300);
  world.client(protocol::InputAudioBufferCommit{});
  ask(world);
  const auto first = world.all<protocol::ResponseDone>().back().response.usage;
  REQUIRE(first);
  CHECK(first->input_audio_tokens == 13);
  CHECK(first->output_audio_tokens == 20);
  ask(world);
  const auto second = world.all<protocol::ResponseDone>().back().response.usage;
  CHECK(second->input_audio_tokens == 13 + 20);  // the first answer is input now
}

TEST_CASE("a client's sound comes back from its item as it went in") {
  for (const auto format : {base::AudioFormat{base::AudioEncoding::pcm16, 24000},
                            base::AudioFormat{base::AudioEncoding::g711_alaw, 8000}}) {
    session::Options options = World::default_options();
    options.defaults.input_format = format;
    World world(options);
    std::vector<std::uint8_t> bytes(9600);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
    auto create = message(Role::user, PartType::input_text, "Listen:");
    create.item.id = "sound";
    create.item.content.push_back({PartType::input_audio, {}, {}, {}, {}, {}});
    audio::base64_encode(bytes, create.item.content[1].audio_base64);
    const std::string sent = create.item.content[1].audio_base64;
    world.client(create);
    const auto shown = world.all<protocol::ItemAdded>().at(0).item.content.at(1);
    CHECK(shown.audio_base64.empty());  // events about items carry no sound
    world.client(protocol::ConversationItemRetrieve{"sound"});
    const auto kept = world.all<protocol::ItemRetrieved>().at(0).item.content;
    CHECK(kept.at(0).text == "Listen:");
    CHECK(kept.at(1).audio_base64 == sent);
    world.run_until_quiet();
  }
}

TEST_CASE("a manual commit comes back from its item as it was appended") {
  World world;
  protocol::SessionUpdate update;
  update.session.turn_detection = std::optional<protocol::TurnDetection>();
  world.client(update);
  std::vector<std::uint8_t> bytes(48000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3U);
  world.append_bytes(std::span(bytes).first(10002));
  world.append_bytes(std::span(bytes).subspan(10002));
  world.client(protocol::InputAudioBufferCommit{});
  world.client(protocol::ConversationItemRetrieve{
      world.all<protocol::InputAudioBufferCommitted>().at(0).item_id});
  std::string expected;
  audio::base64_encode(bytes, expected);
  CHECK(world.all<protocol::ItemRetrieved>().at(0).item.content.at(0).audio_base64 == expected);
  CHECK(std::abs(world.samples_heard - 16000) <= 80);  // a resampler keeps a moment to itself
  world.run_until_quiet();
}

}  // namespace
}  // namespace parley::tests
