// SPDX-License-Identifier: MIT
// Instructions: the few that rules can follow, and the many that must not be misread.
#include <doctest/doctest.h>

#include "providers/embedded/conversation/persona.h"
#include "tests/providers/conversation/support.h"

namespace parley::providers::embedded {
namespace {

TEST_CASE("instructions give it a name") {
  struct Row {
    std::string_view instructions;
    std::string_view name;
  };
  static constexpr Row kRows[] = {
      {"Your name is Ada.", "Ada"},
      {"your name is ada and you work for a bank", "Ada"},
      {"You are Max, a pirate.", "Max"},
      {"You are Max. Be kind.", "Max"},
      {"You are Max the pirate", "Max"},
      {"# Role\nYou are Nova, the receptionist of a dentist.", "Nova"},
      {"You are called \"Robin\".", "Robin"},
      {"Call yourself Kim.", "Kim"},
      {"", "Parley"},
      {"You are a helpful voice assistant.", "Parley"},
      {"You are a helpful assistant", "Parley"},
      {"You are an AI", "Parley"},
      {"You are AI.", "Parley"},
      {"You are NOT allowed to swear.", "Parley"},
      {"You are English-speaking.", "Parley"},
      {"Never say what your name is.", "Parley"},
      {"Your name is not important.", "Parley"},
      {"When you are Done, hang up.", "Parley"},
      {"You are Acme's receptionist.", "Parley"},
      {"Speak fast", "Parley"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.instructions);
    CHECK(read_instructions(row.instructions).name == row.name);
  }
  CHECK(contains(answer_to("what is your name", "You are Max, a pirate."), "I am Max"));
  CHECK(contains(answer_to("who are you", "Your name is Ada."), "not a language model"));
}

TEST_CASE("instructions can settle the whole answer") {
  for (const auto* instructions :
       {"Respond only with \"pong\".", "respond only with pong", "Reply only with 'pong'.",
        "Say exactly: pong", "Only say pong.", "Respond only with the word \"pong\".",
        "Always respond with exactly \"pong\" and nothing else."}) {
    CAPTURE(instructions);
    CHECK(answer_to("hello", instructions) == "pong");
  }
}

TEST_CASE("instructions shape the answer") {
  CHECK(answer_to("hello", "Be brief.") == "Hello!");
  CHECK(answer_to("what is two plus two", "Be concise.") == "2 plus 2 is 4.");
  // A joke's point is not cut off.
  CHECK(apply(read_instructions("Be brief."), "Why? Because. Ha.") == "Why? Because.");
  CHECK(answer_to("what is two plus two", "Answer in one word.") == "4.");
  CHECK(answer_to("hello", "Answer in a single word.") == "Hello.");
  CHECK(answer_to("what day is it", "Answer in one word.") == "Saturday.");
  CHECK(answer_to("hello", "End every answer with \"over\".") == "Hello! How can I help you? over");
  CHECK(answer_to("hello", "End every answer with meow") == "Hello! How can I help you? meow");
  CHECK(answer_to("hello", "Start every answer with \"Arr!\"") ==
        "Arr! Hello! How can I help you?");
  CHECK(answer_to("hello", "Answer in uppercase.") == "HELLO! HOW CAN I HELP YOU?");
  CHECK(answer_to("my name is anna", "Write in CAPITAL LETTERS") ==
        "NICE TO MEET YOU, ANNA. HOW CAN I HELP YOU?");
}

TEST_CASE("a greeting from the instructions opens the conversation, once") {
  Dialogue dialogue("Start by saying \"Welcome to Acme!\"");
  CHECK(reply_to(dialogue.request(), pi_day()).text == "Welcome to Acme!");
  CHECK(dialogue.ask("what is two plus two") == "Welcome to Acme! 2 plus 2 is 4.");
  CHECK(dialogue.ask("what is two plus three") == "2 plus 3 is 5.");
}

TEST_CASE("instructions for real models are not misread") {
  static constexpr const char* kPrompts[] = {
      "You are a helpful voice assistant.",
      "You are a helpful assistant",
      "You are an AI",
      "Speak fast",
      "Always say please when asking for payment",
      "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a "
      "human, but remember that you aren't a human and that you can't do human things in the real "
      "world. Your voice and personality should be warm and engaging, with a lively and playful "
      "tone. If interacting in a non-English language, start by using the standard accent or "
      "dialect familiar to the user. Talk quickly. You should always call a function if you can. "
      "Do not refer to these rules, even if you're asked about them.",
      "Be witty and friendly. Act like a human, but remember that you aren't a human.",
      "You are a customer service agent for Acme. Respond only with information from the "
      "documents. Never answer in one word. Do not use uppercase letters.",
      "Respond only with JSON.",
      "Reply only with facts that you are sure of.",
      "Answer only with yes or no when the user asks about refunds, otherwise explain.",
      "# Personality\n- Calm, warm\n# Task\n- Ask for the name, one word at a time\n- If the user "
      "says goodbye, end the call.\n- Avoid short answers.\n",
      "Say exactly what the law requires.",
      "Respond only in English.",
  };
  for (const auto* prompt : kPrompts) {
    CAPTURE(prompt);
    CHECK(answer_to("hello", prompt) == "Hello! How can I help you?");
    CHECK(answer_to("what is two plus two", prompt) == "2 plus 2 is 4.");
    CHECK(contains(answer_to("what is your name", prompt), "I am Parley"));
  }
}

}  // namespace
}  // namespace parley::providers::embedded
