// SPDX-License-Identifier: MIT
// `truncation`: which items leave the model's input when the conversation has grown too long.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ResponseStatus;
using protocol::Truncation;
using protocol::TruncationMode;

constexpr int kTokensEach = 10;

// A session whose model takes 100 tokens, instructions none.
session::Options small_options(Truncation truncation) {
  auto options = World::default_options();
  options.defaults.instructions.clear();
  options.defaults.truncation = truncation;
  options.input_tokens_max = 100;
  return options;
}

void say(World& world, int number) {
  protocol::ConversationItemCreate create;
  std::string text = std::to_string(number);
  text.resize(kTokensEach * 4, '.');
  create.item.id = "item_" + std::to_string(number);
  create.item.content.push_back({protocol::PartType::input_text, text, {}, {}, {}, {}});
  world.client(create);
}

void ask_beside(World& world) {
  protocol::ResponseCreate request;
  request.out_of_band = true;
  world.client(request);
  world.run_until_quiet();
}

// The numbers of the items that the model was given last.
std::vector<int> given(const World& world) {
  std::vector<int> numbers;
  for (const auto& entry : world.asked.back().history) {
    numbers.push_back(std::stoi(std::get<engine::Utterance>(entry).text));
  }
  return numbers;
}

TEST_CASE("the oldest items leave the input, and stay in the conversation") {
  World world(small_options({}));
  for (int i = 1; i <= 12; ++i) say(world, i);
  ask_beside(world);
  CHECK(given(world) == std::vector{3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(world.last<protocol::ResponseDone>().response.usage->input_text_tokens == 100);
  world.client(protocol::ConversationItemRetrieve{"item_1"});
  CHECK(world.last<protocol::ItemRetrieved>().item.id == "item_1");
  for (int i = 3; i <= 12; ++i) {
    world.client(protocol::ConversationItemDelete{"item_" + std::to_string(i)});
  }
  ask_beside(world);
  CHECK(given(world) == std::vector{1, 2});
}

TEST_CASE("with truncation disabled a conversation that is too long fails the response") {
  World world(small_options({.mode = TruncationMode::disabled}));
  for (int i = 1; i <= 11; ++i) say(world, i);
  ask_beside(world);
  const auto done = world.last<protocol::ResponseDone>().response;
  CHECK(done.status == ResponseStatus::failed);
  CHECK(done.error_type == "invalid_request_error");
  CHECK(done.error_code == "context_length_exceeded");
  CHECK(world.asked.empty());
  world.client(protocol::ConversationItemDelete{"item_1"});
  ask_beside(world);
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("a retention ratio drops more at once, and then nothing until the limit is met again") {
  World world(small_options({.mode = TruncationMode::retention_ratio, .retention_ratio = 0.5}));
  for (int i = 1; i <= 11; ++i) say(world, i);
  ask_beside(world);
  CHECK(given(world) == std::vector{7, 8, 9, 10, 11});
  for (int i = 12; i <= 16; ++i) say(world, i);
  ask_beside(world);
  CHECK(given(world) == std::vector{7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  say(world, 17);
  ask_beside(world);
  CHECK(given(world) == std::vector{13, 14, 15, 16, 17});
}

TEST_CASE("a token limit after the instructions counts without them") {
  auto options = small_options(
      {.mode = TruncationMode::retention_ratio, .retention_ratio = 1, .post_instructions = 30});
  options.defaults.instructions = std::string(200, 'x');
  World world(options);
  for (int i = 1; i <= 5; ++i) say(world, i);
  ask_beside(world);
  CHECK(given(world) == std::vector{3, 4, 5});
}

TEST_CASE("the result of a call that left the input leaves with it") {
  World world(small_options({}));
  world.script.answers = {engine::LlmToolCallBegin{"call_1", "f"},
                          engine::LlmToolCallArguments{std::string(240, '1')}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  protocol::ConversationItemCreate output;
  output.item.type = protocol::ItemType::function_call_output;
  output.item.call_id = "call_1";
  output.item.output = "done";
  world.client(output);
  for (int i = 1; i <= 6; ++i) say(world, i);
  world.script.answers = {engine::LlmText{"Yes."}, engine::LlmDone{}};
  ask_beside(world);
  CHECK(given(world) == std::vector{1, 2, 3, 4, 5, 6});
}

TEST_CASE("an item that alone is too long is given all the same") {
  auto options = small_options({});
  options.input_tokens_max = 5;
  World world(options);
  say(world, 1);
  ask_beside(world);
  CHECK(given(world) == std::vector{1});
}

}  // namespace
}  // namespace parley::tests
