// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/skills.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "providers/embedded/conversation/arithmetic.h"

namespace parley::providers::embedded {

namespace {

constexpr std::array<const char*, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};

constexpr std::array<const char*, 4> kJokes = {
    "Why did the microphone break up with the loudspeaker? There was too much feedback.",
    "I told my computer that I needed a break, and it said: no problem, I will go to sleep.",
    "Why do programmers prefer dark mode? Because light attracts bugs.",
    "What do you call a talking server? A good conversation waiting to be interrupted."};
constexpr std::array<const char*, 3> kFacts = {
    "Sound travels about four times faster in water than in air.",
    "The first talking machine that people could buy, the phonograph, was made in 1877.",
    "People leave about two tenths of a second between turns when they talk with each other."};

constexpr const char* kStory =
    "Once upon a time, in a village by the sea, there lived a bell that had never rung. "
    "It hung in a tower so high that nobody could reach its rope, and so the people told each "
    "other "
    "the hours by guessing. One winter a small girl named Ada moved into the house below the "
    "tower. "
    "Every evening she sang to the bell, because she thought that it must be lonely. "
    "The bell listened. It learned her songs one by one, and hummed them softly in the wind. "
    "Then came a night of fog, when all the boats were out and not one light could be seen. "
    "Ada climbed onto her roof and sang as loudly as she could, and high above her the bell began "
    "to swing. It rang her song over the water, again and again, until the last boat was home. "
    "From that night on the village had its hours. And if you listen well, you can hear that they "
    "are not struck, but sung.";

using Answer = std::optional<std::string>;

std::size_t user_turns(const engine::LlmRequest& request) {
  return static_cast<std::size_t>(
      std::count_if(request.history.begin(), request.history.end(), [](const auto& entry) {
        const auto* said = std::get_if<engine::Utterance>(&entry);
        return said != nullptr && said->speaker == engine::Speaker::user;
      }));
}

// What the user said before the last time; empty: nothing.
std::string said_before(const engine::LlmRequest& request) {
  int seen = 0;
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    if (++seen == 2) return said->text;
  }
  return {};
}

std::string name_told_in(const Words& words) {
  for (const std::string_view cue : {"my name is", "call me", "i am called"}) {
    const auto found = find_phrase(words, cue);
    if (!found) continue;
    const std::size_t next =
        *found + static_cast<std::size_t>(std::count(cue.begin(), cue.end(), ' ')) + 1;
    if (next < words.size() && words[next] != "not") return capitalised(words[next]);
  }
  return {};
}

// "my favourite colour is blue": what was told of `thing`, latest first.
std::string told_about(const engine::LlmRequest& request, const std::string& thing) {
  std::string told;
  for (const auto& entry : request.history) {
    const auto* said = std::get_if<engine::Utterance>(&entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    const Words words = words_of(said->text);
    if (const auto found = find_phrase(words, "my " + thing + " is")) {
      const auto spaces = static_cast<std::size_t>(std::count(thing.begin(), thing.end(), ' '));
      const std::string value = join(words, *found + 3 + spaces);
      if (!value.empty()) told = value;
    }
  }
  return told;
}

// ---- the skills
// ----------------------------------------------------------------------------------

Answer repeat(const Situation& s) {
  for (const std::string_view cue :
       {"repeat after me", "say after me", "please say", "say", "repeat"}) {
    const auto found = find_phrase(s.words, cue);
    if (!found || *found > 2) continue;
    const auto length = static_cast<std::size_t>(std::count(cue.begin(), cue.end(), ' ')) + 1;
    const std::string what = join(s.words, *found + length);
    if (what.empty() || what == "that again" || what == "that" || what == "again") continue;
    return capitalised(what) + ".";
  }
  return std::nullopt;
}

Answer spell(const Situation& s) {
  const auto found = find_phrase(s.words, "spell");
  if (!found) return std::nullopt;
  std::size_t next = *found + 1;
  while (next < s.words.size() && (s.words[next] == "the" || s.words[next] == "word")) ++next;
  if (next >= s.words.size()) return "Which word should I spell?";
  const std::string& word = s.words[next];
  std::string letters;
  for (const char c : word.substr(0, 40)) {
    if (!letters.empty()) letters += ", ";
    letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return capitalised(word) + " is spelled: " + letters + ".";
}

Answer count(const Situation& s) {
  constexpr int kCountMax = 50;
  const auto found = find_phrase(s.words, "count");
  if (!found) return std::nullopt;
  std::vector<int> numbers;
  for (std::size_t i = *found + 1; i < s.words.size();) {
    const std::size_t before = i;
    if (const auto number = read_number(s.words, i)) {
      numbers.push_back(static_cast<int>(std::clamp(*number, -1000.0, 1000.0)));
    }
    if (i == before) ++i;
  }
  const bool down = has_any(s.words, {"down", "backwards", "countdown"});
  int from = down ? 10 : 1;
  int to = down ? 1 : 10;
  if (numbers.size() == 1) (down ? from : to) = numbers[0];
  if (numbers.size() > 1) {
    from = numbers[0];
    to = numbers[1];
  }
  const int step = from <= to ? 1 : -1;
  std::string text;
  int said = 0;
  for (int n = from; said < kCountMax; n += step, ++said) {
    if (!text.empty()) text += ", ";
    text += std::to_string(n);
    if (n == to) return text + ".";
  }
  return text + ". That is as far as I count in one breath.";
}

Answer tell_time(const Situation& s) {
  const auto& now = s.local_time;
  if (has_any(s.words, {"what time", "the time", "time is it", "time now", "what is time"})) {
    const int hour = now.tm_hour % 12 == 0 ? 12 : now.tm_hour % 12;
    std::string minutes = now.tm_min == 0   ? " o'clock"
                          : now.tm_min < 10 ? " oh " + std::to_string(now.tm_min)
                                            : " " + std::to_string(now.tm_min);
    return "It is " + std::to_string(hour) + minutes +
           (now.tm_hour < 12   ? " in the morning."
            : now.tm_hour < 18 ? " in the afternoon."
                               : " in the evening.");
  }
  const bool asks = has_any(s.words, {"what", "which", "tell"});
  if (asks && has_any(s.words, {"date", "what day", "which day", "day is it", "today"})) {
    return std::string("Today is ") + kDays[static_cast<std::size_t>(now.tm_wday % 7)] + ", " +
           kMonths[static_cast<std::size_t>(now.tm_mon % 12)] + " " + std::to_string(now.tm_mday) +
           ", " + std::to_string(1900 + now.tm_year) + ".";
  }
  return std::nullopt;
}

Answer names(const Situation& s) {
  if (has_any(s.words, {"what is my name", "who am i", "my name again", "remember my name",
                        "know my name"})) {
    const std::string name = known_name(s.request);
    return name.empty() ? "You have not told me your name yet. What is it?"
                        : "Your name is " + name + ".";
  }
  if (const std::string name = name_told_in(s.words); !name.empty()) {
    return "Nice to meet you, " + name + ". How can I help you?";
  }
  if (has_any(s.words, {"your name", "who are you", "what are you", "are you human", "are you real",
                        "are you a robot", "which model", "what model", "are you an ai"})) {
    return "I am " + s.persona.name +
           ", the conversationalist that is built into this server: a small set of rules, not a "
           "language model.";
  }
  return std::nullopt;
}

Answer facts_told(const Situation& s) {
  if (const auto asked = find_phrase(s.words, "what is my")) {
    const std::string thing = join(s.words, *asked + 3);
    const std::string told = thing.empty() ? "" : told_about(s.request, thing);
    if (!told.empty()) return "You told me that your " + thing + " is " + told + ".";
    return "You have not told me about your " + (thing.empty() ? "self" : thing) + ".";
  }
  const auto my = find_phrase(s.words, "my");
  const auto is = find_phrase(s.words, "is", my.value_or(0));
  if (!my || !is || *is <= *my + 1 || *is + 1 >= s.words.size() || *is - *my > 4) {
    return std::nullopt;
  }
  return "I will remember that your " + join(s.words, *my + 1, *is) + " is " +
         join(s.words, *is + 1) + ".";
}

Answer entertain(const Situation& s) {
  const std::size_t turn = user_turns(s.request);
  if (has_any(s.words, {"story", "fairy tale"})) return kStory;
  if (has_any(s.words, {"joke", "make me laugh", "something funny"})) {
    return kJokes[turn % kJokes.size()];
  }
  if (has_any(s.words, {"a fact", "fun fact", "something interesting"})) {
    return kFacts[turn % kFacts.size()];
  }
  if (has_any(s.words, {"flip a coin", "toss a coin", "heads or tails"})) {
    return turn % 2 == 0 ? "Tails." : "Heads.";
  }
  if (has_any(s.words, {"roll a die", "roll the dice", "roll a dice"})) {
    return "You rolled a " + std::to_string(turn * 5 % 6 + 1) + ".";
  }
  if (has_any(s.words, {"another one", "one more"})) {
    return kJokes[(turn + 1) % kJokes.size()];
  }
  return std::nullopt;
}

Answer small_talk(const Situation& s) {
  const std::string name = known_name(s.request);
  const std::string comma_name = name.empty() ? "" : ", " + name;
  const auto& w = s.words;
  if (has_any(w, {"what did i say", "what did i just say", "what i said"})) {
    const std::string before = said_before(s.request);
    return before.empty() ? "You have not said anything before that." : "You said: " + before;
  }
  if (has_any(w, {"what can you do", "help me", "what do you do", "can you help"})) {
    return "I can tell you the time and the date, do arithmetic, spell and repeat words, count, "
           "tell a joke or a story, remember your name, and call the tools that your application "
           "offers. For more, connect a language model to this server.";
  }
  if (has_any(w, {"can you hear me", "are you there", "do you hear me"})) {
    return "Yes, I can hear you" + comma_name + ". How can I help?";
  }
  if (has_any(w, {"how are you", "how do you do", "how is it going"})) {
    return "I am well, thank you" + comma_name + ". How can I help you?";
  }
  if (has_any(w, {"congratulations"})) return "Thank you. I am glad that it works!";
  if (has_any(w, {"thank you", "thanks"})) return "You are welcome" + comma_name + ".";
  if (has_any(w, {"goodbye", "good bye", "bye", "see you", "good night", "farewell"})) {
    return "Goodbye" + comma_name + ". It was nice talking to you.";
  }
  if (has_any(
          w, {"hello", "hi", "hey", "good morning", "good afternoon", "good evening", "welcome"})) {
    return "Hello" + comma_name + "! How can I help you?";
  }
  if (has_any(w, {"terribly wrong", "is wrong", "not working", "does not work", "is broken"})) {
    return "I am sorry to hear that. What has happened?";
  }
  if (w.size() <= 3 && has_any(w, {"yes", "yeah", "sure", "okay", "ok"})) {
    return "Good. What would you like to do?";
  }
  if (w.size() <= 3 && has_any(w, {"no", "nope", "stop", "never mind"})) {
    return "All right. Tell me when you need something.";
  }
  return std::nullopt;
}

}  // namespace

std::string known_name(const engine::LlmRequest& request) {
  std::string name;
  for (const auto& entry : request.history) {
    const auto* said = std::get_if<engine::Utterance>(&entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    if (std::string told = name_told_in(words_of(said->text)); !told.empty())
      name = std::move(told);
  }
  return name;
}

std::optional<std::string> answer(const Situation& situation) {
  using Skill = Answer (*)(const Situation&);
  static constexpr std::array<Skill, 6> kSkills = {spell, count,     repeat,
                                                   names, tell_time, entertain};
  for (const auto skill : kSkills) {
    if (auto text = skill(situation)) return text;
  }
  if (auto sum = answer_sum(situation.words)) return sum;
  if (auto text = facts_told(situation)) return text;
  return small_talk(situation);
}

}  // namespace parley::providers::embedded
