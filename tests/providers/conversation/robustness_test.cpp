// SPDX-License-Identifier: MIT
// Goal: whatever is said, configured or returned, the reply is something to say, short enough and
// valid UTF-8. Method: seeded random bytes and random salads of the words that the rules know.
#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "tests/providers/conversation/support.h"

namespace parley::providers::embedded {
namespace {

constexpr std::size_t kReplyBytesMax = 12'000;
constexpr std::uint64_t kSeed = 20260314;

constexpr std::array<std::string_view, 64> kVocabulary = {
    "my",       "name",     "is",      "what",     "call",   "me",      "spell",   "count",
    "to",       "from",     "down",    "say",      "repeat", "after",   "the",     "time",
    "weather",  "in",       "and",     "paris",    "two",    "minus",   "hundred", "thousand",
    "million",  "divided",  "by",      "zero",     "point",  "percent", "of",      "square",
    "root",     "favorite", "color",   "remember", "that",   "joke",    "story",   "another",
    "one",      "hello",    "goodbye", "how",      "are",    "you",     "turn",    "on",
    "off",      "light",    "order",   "pizza",    "not",    "12",      "-3.5",    "1e300",
    "99999999", "\"",       "é",       "日本",     "\n",     ".",       "?",       "'"};

std::string salad(base::Random& random, std::size_t words_max) {
  std::string text;
  for (std::size_t words = random.below(words_max + 1); words > 0; --words) {
    text += kVocabulary.at(random.below(kVocabulary.size()));
    text += ' ';
  }
  return text;
}

std::string bytes(base::Random& random, std::size_t bytes_max) {
  std::string text(random.below(bytes_max + 1), '\0');
  for (auto& byte : text) byte = static_cast<char>(random.below(256));
  return text;
}

engine::LlmRequest random_request(base::Random& random,
                                  std::string (*text)(base::Random&, std::size_t),
                                  std::size_t size_max) {
  engine::LlmRequest request;
  if (random.below(2) == 0) request.instructions = text(random, size_max);
  for (std::size_t entries = random.below(5); entries > 0; --entries) {
    switch (random.below(6)) {
      case 0:
        request.history.emplace_back(engine::ToolCall{"c", "f", text(random, size_max)});
        break;
      case 1:
        request.history.emplace_back(engine::ToolResult{"c", text(random, size_max)});
        break;
      case 2:
        request.history.emplace_back(
            engine::Utterance{engine::Speaker::assistant, text(random, size_max), false, {}});
        break;
      default:
        request.history.emplace_back(
            engine::Utterance{engine::Speaker::user, text(random, size_max), true, {}});
    }
  }
  if (random.below(2) == 0) {
    request.tools = {
        tool(text(random, 3), text(random, size_max), text(random, size_max)),
        tool("set_light", "Turn a light on or off.",
             R"({"properties":{"room":{"type":"string"},"n":{"type":"integer"},)"
             R"("on":{"type":"boolean"},"l":{"type":"array","items":{"type":"number"}}}})")};
    request.tool_required = random.below(4) == 0;
  }
  return request;
}

void check_reply(const engine::LlmRequest& request, bool valid_input) {
  const Reply reply = reply_to(request, pi_day());
  CHECK((!reply.text.empty() || !reply.calls.empty()));
  CHECK(reply.text.size() <= kReplyBytesMax);
  if (valid_input) CHECK(valid_utf8(reply.text));
  for (const auto& call : reply.calls) {
    CHECK(call.arguments.size() <= kReplyBytesMax);
    CHECK(nlohmann::json::accept(call.arguments));
  }
}

TEST_CASE("random bytes are answered") {
  for (std::uint64_t seed = kSeed; seed < kSeed + 1500; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    check_reply(random_request(random, bytes, 300), false);
  }
}

TEST_CASE("random word salads are answered") {
  for (std::uint64_t seed = kSeed; seed < kSeed + 3000; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    check_reply(random_request(random, salad, 30), true);
  }
}

TEST_CASE("the same request gets the same reply") {
  for (std::uint64_t seed = kSeed; seed < kSeed + 100; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    const auto request = random_request(random, salad, 20);
    CHECK(reply_to(request, pi_day()).text == reply_to(request, pi_day()).text);
  }
}

TEST_CASE("an answer never cuts a character in half") {
  for (std::size_t shift = 0; shift < 5; ++shift) {
    const std::string pad(shift, 'a');
    for (const std::string_view lead :
         {"", "repeat after me ", "spell ", "my name is ", "remember that my dog is ", "the "}) {
      std::string text = std::string(lead) + pad;
      for (int i = 0; i < 3000; ++i) text += "日";
      CAPTURE(lead);
      CAPTURE(shift);
      CHECK(valid_utf8(answer_to(text)));
      Dialogue dialogue("Respond only with \"" + text + "\"");
      dialogue.ask(text);
      CHECK(valid_utf8(dialogue.ask("what did i just say")));
      CHECK(valid_utf8(dialogue.result(text).text));
    }
  }
}

TEST_CASE("long texts and long histories are answered") {
  std::string text;
  while (text.size() < 100'000) text += "what is the meaning of my name and two plus ";
  CHECK(answer_to(text).size() <= kReplyBytesMax);
  CHECK(answer_to(std::string(100'000, 'a')).size() <= kReplyBytesMax);
  CHECK(answer_to("my name is " + std::string(100'000, 'a')).size() <= kReplyBytesMax);
  CHECK(answer_to("repeat after me " + std::string(100'000, 'a')).size() <= kReplyBytesMax);
  CHECK(answer_to("what is " + std::string(90'000, '9') + " plus one").size() <= kReplyBytesMax);

  Dialogue dialogue;
  dialogue.request().history.emplace_back(
      engine::Utterance{engine::Speaker::user, "my name is anna", true, {}});
  for (int i = 0; i < 1000; ++i) {
    dialogue.request().history.emplace_back(engine::Utterance{
        engine::Speaker::user, "please tell me about the days in march", true, {}});
    dialogue.request().history.emplace_back(
        engine::Utterance{engine::Speaker::assistant, "I cannot say much about that.", false, {}});
  }
  CHECK(dialogue.ask("hello") == "Hello, Anna! How can I help you?");
  CHECK(contains(dialogue.ask("what is my favorite color"), "You have not told me"));
}

}  // namespace
}  // namespace parley::providers::embedded
