// SPDX-License-Identifier: MIT
// Short dialogues, as typed and as the embedded recogniser mishears them.
#include <doctest/doctest.h>

#include "tests/providers/conversation/support.h"

namespace parley::providers::embedded {
namespace {

struct Row {
  std::string_view said;
  std::string_view expected;  // the whole answer, or a part of it
};

constexpr std::string_view kHello = "Hello! How can I help you?";
constexpr std::string_view kTime = "It is 3 oh 9 in the afternoon.";
constexpr std::string_view kDate = "Today is Saturday, March 14, 2026.";

template <std::size_t N>
void check_rows(const Row (&rows)[N], bool whole) {
  for (const auto& row : rows) {
    const std::string answer = answer_to(row.said);
    CAPTURE(row.said);
    CAPTURE(row.expected);
    CAPTURE(answer);
    CHECK((whole ? answer == row.expected : contains(answer, row.expected)));
  }
}

TEST_CASE("it greets, thanks and says goodbye") {
  static constexpr Row kRows[] = {
      {"Hello!", kHello},
      {"hi", kHello},
      {"hello there", kHello},
      {"good morning", kHello},
      {"Good evening, Parley.", kHello},
      {"Goodbye!", "Goodbye. It was nice talking to you."},
      {"good bye", "Goodbye. It was nice talking to you."},
      {"good bang", "Goodbye. It was nice talking to you."},
      {"good buy", "Goodbye. It was nice talking to you."},
      {"bye bye", "Goodbye. It was nice talking to you."},
      {"see you tomorrow", "Goodbye. It was nice talking to you."},
      {"Thank you very much.", "You are welcome."},
      {"thanks", "You are welcome."},
      {"you are welcome", "Tell me when you need something."},
      {"how are you", "I am well, thank you. How can I help you?"},
      {"How's it going?", "I am well, thank you. How can I help you?"},
      {"I'm fine, thanks, and how are you?", "I am well, thank you. How can I help you?"},
      {"i am fine", "I am glad to hear that. What can I do for you?"},
      {"can you hear me", "Yes, I can hear you. How can I help?"},
      {"nice to meet you", "It is nice to meet you too."},
      {"sorry", "No problem. What would you like to do?"},
      {"yes", "Good. What would you like to do?"},
      {"never mind", "All right. Tell me when you need something."},
  };
  check_rows(kRows, true);
}

TEST_CASE("it tells time and date") {
  static constexpr Row kRows[] = {
      {"What time is it?", kTime},
      {"what time is it now please", kTime},
      {"tell me the time", kTime},
      {"what is the thyme", kTime},
      {"what tying is it", kTime},
      {"do you have the time", kTime},
      {"What's the date today?", kDate},
      {"what day is it", kDate},
      {"what is today's date", kDate},
      {"What day is tomorrow?", "Tomorrow is Sunday, March 15, 2026."},
      {"what was the date yesterday", "Yesterday was Friday, March 13, 2026."},
      {"what year is it", "It is the year 2026."},
      {"which month is it", "It is March."},
      {"what time is it in tokyo", "I only know the time here. It is 3 oh 9 in the afternoon."},
  };
  check_rows(kRows, true);
}

TEST_CASE("it does arithmetic") {
  static constexpr Row kRows[] = {
      {"What is twelve times seven?", "12 times 7 is 84."},
      {"what is twelve time seven", "12 times 7 is 84."},
      {"what is two plus tow", "2 plus 2 is 4."},
      {"what is for plus to", "4 plus 2 is 6."},
      {"what is ate minus won", "8 minus 1 is 7."},
      {"2+2", "2 plus 2 is 4."},
      {"What's 12 x 7?", "12 times 7 is 84."},
      {"12x7", "12 times 7 is 84."},
      {"one plus one", "1 plus 1 is 2."},
      {"what is two plus three times four", "2 plus 3 times 4 is 14."},
      {"ten divided by four", "10 divided by 4 is 2.5."},
      {"what is seven divided by zero", "Nobody can divide by zero, not even I."},
      {"what is a hundred and five minus six", "105 minus 6 is 99."},
      {"twenty one plus minus three", "21 plus minus 3 is 18."},
      {"what is the square root of eighty one", "The square root of 81 is 9."},
      {"what is ten percent of two hundred", "10 percent of 200 is 20."},
      {"nine squared", "9 squared is 81."},
      {"add five and six", "5 plus 6 is 11."},
      {"what is the sum of two and three", "2 plus 3 is 5."},
      {"subtract three from ten", "10 minus 3 is 7."},
      {"multiply six by seven", "6 times 7 is 42."},
      {"divide nine by three", "9 divided by 3 is 3."},
      {"what is five minus nine", "5 minus 9 is minus 4."},
      {"how much is 1.5 plus 1.5", "1.5 plus 1.5 is 3."},
  };
  check_rows(kRows, true);
}

TEST_CASE("it repeats, spells and counts") {
  static constexpr Row kRows[] = {
      {"repeat after me good morning", "Good morning."},
      {"Repeat after me. Hello world.", "Hello world."},
      {"repeat after me", "I am listening."},
      {"Repeat after me: It's raining in New York!", "It's raining in New York."},
      {"please say hello world", "Hello world."},
      {"Can you say \"good night\"?", "Good night."},
      {"could you please repeat after me one two three", "One two three."},
      {"spell cat", "Cat is spelled: C, A, T."},
      {"How do you spell the word house?", "House is spelled: H, O, U, S, E."},
      {"spell", "Which word should I spell?"},
      {"Spell café.", "Café is spelled: C, A, F, é."},
      {"count to five", "1, 2, 3, 4, 5."},
      {"count to", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."},
      {"Count from three to six", "3, 4, 5, 6."},
      {"count down from three", "3, 2, 1."},
      {"count backwards from five to two", "5, 4, 3, 2."},
      {"count from eight", "8, 9, 10, 11, 12, 13, 14, 15, 16, 17."},
      {"can you count to three please", "1, 2, 3."},
  };
  check_rows(kRows, true);
}

TEST_CASE("it says plainly what it is") {
  for (const auto* question :
       {"who are you", "What are you?", "what is your name", "are you human", "are you a robot",
        "Are you an AI?", "tell me about yourself", "who made you", "are you chat g p t"}) {
    CAPTURE(question);
    const std::string answer = answer_to(question);
    CHECK(contains(answer, "Parley"));
    CHECK(contains(answer, "not a language model"));
  }
  CHECK(contains(answer_to("what can you do"), "tell you the time"));
}

TEST_CASE("it entertains, and says what it cannot do") {
  static constexpr Row kRows[] = {
      {"tell me a joke", "I needed a break"},
      {"tell me a choke", "I needed a break"},
      {"do you know any jokes", "I needed a break"},
      {"tell me a story", "Once upon a time"},
      {"tell me a fun fact", "."},
      {"what is the whether", "no tool for the weather"},
      {"What's the weather in Paris?", "no tool for the weather"},
      {"play some music", "cannot play music"},
      {"sing me a song", "cannot sing"},
      {"my computer is terribly slow today what can i do", "I am sorry to hear that"},
      {"my dog is very sick", "I am sorry to hear that"},
      {"the internet is not working", "I am sorry to hear that"},
      {"the dog is dying", "I heard: the dog is dying."},
      {"i want to buy a car", "I heard: i want to buy a car."},
      {"what is that smell", "I heard: what is that smell."},
      {"what time does the store open", "I heard: what time does the store open."},
      {"it rains all the time", "I heard: it rains all the time."},
      {"what can i do today", "I can tell you the time"},
      {"colorless green ideas sleep furiously", "I heard: colorless green ideas"},
      {"Why is the sky blue?", "I heard: Why is the sky blue."},
      {"the county court counts votes", "I heard: the county court"},
      {"they say it is going to be hot", "I heard: they say"},
      {"", "did not catch that"},
      {"...", "did not catch that"},
  };
  check_rows(kRows, false);
}

TEST_CASE("a name is remembered, and the latest wins") {
  Dialogue dialogue;
  CHECK(dialogue.ask("what is my name") == "You have not told me your name yet. What is it?");
  CHECK(dialogue.ask("my name is anna") == "Nice to meet you, Anna. How can I help you?");
  CHECK(dialogue.ask("what is two plus two") == "2 plus 2 is 4.");
  CHECK(dialogue.ask("What's my name?") == "Your name is Anna.");
  CHECK(dialogue.ask("Call me Bob.") == "Nice to meet you, Bob. How can I help you?");
  CHECK(dialogue.ask("do you remember my name") == "Your name is Bob.");
  CHECK(dialogue.ask("call me later") != "Nice to meet you, Later. How can I help you?");
  CHECK(dialogue.ask("hello") == "Hello, Bob! How can I help you?");
  CHECK(dialogue.ask("goodbye") == "Goodbye, Bob. It was nice talking to you.");
}

TEST_CASE("a name is understood in many forms") {
  static constexpr Row kRows[] = {
      {"hello my name is anna", "Nice to meet you, Anna."},
      {"Hi, I'm Anna.", "Nice to meet you, Anna."},
      {"my name is uh anna", "Nice to meet you, Anna."},
      {"hello my name is anna what is your name", "Nice to meet you, Anna. I am Parley"},
      {"My name is Ada. What is my name?", "Your name is Ada."},
      {"My name is Zoë.", "Nice to meet you, Zoë."},
  };
  check_rows(kRows, false);
  CHECK(!contains(answer_to("my name is not important"), "Nice to meet you"));
  CHECK(!contains(answer_to("I am tired."), "Nice to meet you"));
  CHECK(!contains(answer_to("I am German."), "Nice to meet you"));
  CHECK(!contains(answer_to("call me a taxi"), "Nice to meet you"));
}

TEST_CASE("what it was told is remembered") {
  Dialogue dialogue;
  CHECK(dialogue.ask("my favorite color is blue") ==
        "I will remember that your favorite color is blue.");
  CHECK(contains(dialogue.ask("my phone number is 555-1234"), "your phone number is"));
  dialogue.ask("tell me a joke");
  CHECK(dialogue.ask("what is my favourite colour") ==
        "You told me that your favourite colour is blue.");
  dialogue.ask("My favourite colour is green.");
  CHECK(dialogue.ask("What's my favorite color?") ==
        "You told me that your favorite color is green.");
  CHECK(dialogue.ask("what is my shoe size") == "You have not told me about your shoe size.");
  CHECK(dialogue.ask("remember that my dog is called Rex") ==
        "I will remember that your dog is called Rex.");
  CHECK(dialogue.ask("what is my dog called") == "You told me that your dog is called Rex.");
}

TEST_CASE("it looks back on the dialogue") {
  Dialogue dialogue;
  dialogue.ask("What is two plus two?");
  CHECK(dialogue.ask("say that again") == "2 plus 2 is 4.");
  CHECK(dialogue.ask("what did i just say") == "You said: say that again.");
  const std::string first = dialogue.ask("tell me a joke");
  const std::string second = dialogue.ask("another one");
  CHECK(first != second);
  CHECK(contains(second, "?"));
}

TEST_CASE("an utterance of two sentences gets two answers") {
  CHECK(answer_to("Hello! What is two plus three?") == "Hello! How can I help you? 2 plus 3 is 5.");
  CHECK(answer_to("hello what is two plus three") == "2 plus 3 is 5.");
  CHECK(answer_to("What time is it? And what day is it?") ==
        "It is 3 oh 9 in the afternoon. Today is Saturday, March 14, 2026.");
}

TEST_CASE("with nothing said yet it greets first") {
  CHECK(reply_to({}, pi_day()).text == "Hello! I am Parley. How can I help you?");
}

TEST_CASE("a picture is acknowledged") {
  engine::LlmRequest request;
  request.history.emplace_back(
      engine::Utterance{engine::Speaker::user, "", false, {{"data:image/png;base64,AAAA", ""}}});
  CHECK(contains(reply_to(request, pi_day()).text, "picture"));
}

}  // namespace
}  // namespace parley::providers::embedded
