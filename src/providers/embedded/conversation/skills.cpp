// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/skills.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

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

constexpr std::size_t kRememberedMax = 1000;  // bytes of an utterance that memory looks at

using Answer = std::optional<std::string>;

std::size_t user_turns(const engine::LlmRequest& request) {
  return static_cast<std::size_t>(
      std::count_if(request.history.begin(), request.history.end(), [](const auto& entry) {
        const auto* said = std::get_if<engine::Utterance>(&entry);
        return said != nullptr && said->speaker == engine::Speaker::user;
      }));
}

// The assistant's last words; empty: none.
std::string said_by_us(const engine::LlmRequest& request) {
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said == nullptr || said->speaker != engine::Speaker::assistant) continue;
    return std::string(prefix(said->text, 2000));
  }
  return {};
}

// What the user said before the last time; empty: nothing.
std::string said_before(const engine::LlmRequest& request) {
  int seen = 0;
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    if (++seen < 2) continue;
    const std::string_view text = prefix(said->text, 200);
    return std::string(text.substr(0, text.find_last_not_of(" .!?\n") + 1));
  }
  return {};
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::size_t words_in(std::string_view phrase) {
  return static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' ')) + 1;
}

// Where the sentence begins behind "could you please" and the like.
std::size_t after_politeness(const Words& words) {
  std::size_t i = 0;
  while (i < words.size() &&
         is_one_of(words[i], {"please", "can", "could", "would", "will", "you", "now", "then",
                              "okay", "and", "hey", "hello", "hi", "just", "so"})) {
    ++i;
  }
  return i;
}

std::string name_told_in(const Words& words) {
  for (const std::string_view cue : {"my name is", "my name his", "call me", "i am called"}) {
    const auto found = find_phrase(words, cue);
    if (!found) continue;
    std::size_t next = *found + words_in(cue);
    while (next < words.size() && is_one_of(words[next], {"uh", "um", "er", "ah"})) ++next;
    if (next >= words.size()) continue;
    const bool name = !is_one_of(
        words[next], {"not",   "a",    "an",       "the",   "back",    "later", "when",  "if",
                      "at",    "on",   "tomorrow", "now",   "tonight", "your",  "what",  "in",
                      "again", "soon", "today",    "maybe", "my",      "so",    "never", "and"});
    if (name) return capitalised(std::string(prefix(words[next], 40)));
  }
  return {};
}

// "Hi, I'm Anna.": only the capital letter tells a name from "I'm tired".
std::string name_introduced_in(std::string_view sentence) {
  const Words words = words_of(sentence);
  if (words.size() < 3 || words.size() > 4) return {};
  if (words[words.size() - 3] != "i" || words[words.size() - 2] != "am") return {};
  const std::size_t last = sentence.find_last_of(' ');
  if (last == std::string_view::npos || last + 1 >= sentence.size()) return {};
  const std::string_view name = sentence.substr(last + 1);
  const bool capital = std::isupper(static_cast<unsigned char>(name[0])) != 0;
  for (const std::string_view nation : {"ish", "rman", "rench", "ican", "ese", "lian", "Dutch"}) {
    if (name.ends_with(nation)) return {};
  }
  return capital && name.size() > 2 ? std::string(prefix(name, 40)) : "";
}

std::string name_in(std::string_view text) {
  std::string name = name_told_in(words_of(text));
  return name.empty() ? name_introduced_in(text.substr(0, text.find_last_not_of(" .!") + 1)) : name;
}

// The user's words as ours: "my eyes" -> "your eyes".
std::string as_said_by_us(Words words) {
  for (auto& word : words) {
    if (word == "my") word = "your";
    if (word == "me" || word == "i") word = "you";
  }
  return std::string(prefix(join(words), 200));
}

struct Fact {
  std::string thing;
  std::string verb;  // "is", "is called"
  std::string value;
};

// "my favourite colour is blue"; not "my computer is terribly slow what can i do".
std::optional<Fact> fact_in(const Words& words) {
  std::size_t my = after_politeness(words);
  const bool asked_to = my + 1 < words.size() && is_one_of(words[my], {"remember", "note"});
  if (asked_to) my += words[my + 1] == "that" ? 2 : 1;
  if (my >= words.size() || words[my] != "my") return std::nullopt;
  const auto is = find_phrase(words, "is", my);
  if (!is || *is <= my + 1 || *is - my > 4) return std::nullopt;
  Fact fact{join(words, my + 1, *is), "is", {}};
  std::size_t value = *is + 1;
  if (value < words.size() && words[value] == "called") {
    fact.verb = "is called";
    ++value;
  }
  if (value >= words.size() || (!asked_to && words.size() - value > 5)) return std::nullopt;
  if (has_any(words, {"what", "why", "how", "can you", "name is"})) return std::nullopt;
  fact.value =
      as_said_by_us(Words(words.begin() + static_cast<std::ptrdiff_t>(value), words.end()));
  return fact;
}

std::string capital_kept(std::string_view sentence, const std::string& value) {
  if (value.empty() || sentence.size() < value.size()) return value;
  const std::string_view tail = sentence.substr(sentence.size() - value.size());
  return join(words_of(tail)) == value ? std::string(tail) : value;
}

// What was told of `thing`, the latest; the engine's memory is the history.
std::optional<Fact> told_about(const engine::LlmRequest& request, const Words& thing) {
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    for (const auto& sentence : sentences_of(prefix(said->text, kRememberedMax))) {
      auto fact = fact_in(words_of(sentence));
      if (!fact) continue;
      const Words known = words_of(fact->thing);
      const bool same = known.size() == thing.size() &&
                        std::equal(known.begin(), known.end(), thing.begin(), sounds_like);
      if (!same) continue;
      fact->value = capital_kept(sentence, fact->value);
      return fact;
    }
  }
  return std::nullopt;
}

// ---- the skills

// The sentence behind `cue`, as it was said.
std::string said_behind(std::string_view sentence, std::string_view cue) {
  std::string small(sentence);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t found = small.find(cue);
  if (found == std::string::npos) return {};
  std::string_view rest = sentence.substr(found + cue.size());
  const std::size_t begin = rest.find_first_not_of(" :,\"'");
  if (begin == std::string_view::npos) return {};
  rest = rest.substr(begin, rest.find_last_not_of(" .,!?\"") + 1 - begin);
  return std::string(rest);
}

Answer repeat(const Situation& s) {
  const std::size_t begin = after_politeness(s.words);
  for (const std::string_view cue : {"repeat after me", "say after me", "say", "repeat"}) {
    if (find_phrase(s.words, cue, begin) != begin) continue;
    // "Repeat after me. Hello." says with its second sentence what its first one asks for.
    if (join(s.words, begin) == cue && cue.ends_with("after me")) return "I am listening.";
    const std::string what = said_behind(s.sentence, cue);
    if (what.empty() || is_one_of(what, {"that again", "that", "again", "it again", "it"}))
      continue;
    return capitalised(what) + ".";
  }
  return std::nullopt;
}

Answer spell(const Situation& s) {
  auto found = std::find(s.words.begin(), s.words.end(), "spell");
  if (found == s.words.end()) return std::nullopt;
  ++found;
  while (found != s.words.end() && is_one_of(*found, {"the", "word", "me", "for"})) ++found;
  if (found == s.words.end()) return "Which word should I spell?";
  const std::string word(prefix(*found, 40));
  std::string letters;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(word[i]) & 0xC0) != 0x80;  // UTF-8
    if (begins && !letters.empty()) letters += ", ";
    letters += static_cast<char>(std::toupper(static_cast<unsigned char>(word[i])));
  }
  return capitalised(word) + " is spelled: " + letters + ".";
}

Answer count(const Situation& s) {
  constexpr int kCountMax = 50;
  const std::size_t begin = after_politeness(s.words);
  if (begin >= s.words.size() || !is_one_of(s.words[begin], {"count", "countdown"})) {
    return std::nullopt;
  }
  std::vector<int> numbers;
  for (std::size_t i = begin + 1; i < s.words.size();) {
    const std::size_t before = i;
    if (const auto number = read_number(s.words, i)) {
      numbers.push_back(static_cast<int>(std::clamp(*number, -1000.0, 1000.0)));
    }
    if (i == before) ++i;
  }
  const bool down = has_any(s.words, {"down", "backwards", "countdown"});
  int from = down ? 10 : 1;
  int to = down ? 1 : 10;
  if (numbers.size() == 1) {
    const bool start = down || has_phrase(s.words, "from");
    (start ? from : to) = numbers[0];
    if (start && !down) to = from + 9;
  }
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

std::string date_of(const std::tm& now, int days_on) {
  using namespace std::chrono;
  const sys_days day =
      sys_days(year(1900 + now.tm_year) / (now.tm_mon + 1) / now.tm_mday) + days(days_on);
  const year_month_day date(day);
  return std::string(kDays[weekday(day).c_encoding()]) + ", " +
         kMonths[static_cast<unsigned>(date.month()) - 1] + " " +
         std::to_string(static_cast<unsigned>(date.day())) + ", " +
         std::to_string(static_cast<int>(date.year())) + ".";
}

Answer tell_time(const Situation& s) {
  const auto& now = s.local_time;
  const auto& w = s.words;
  if (has_any(w,
              {"time is it", "time it is", "what is the time", "what is time", "tell me the time",
               "know the time", "have the time", "the time please", "time now", "current time"}) ||
      join(w) == "what time" || join(w) == "the time") {
    const int hour = now.tm_hour % 12 == 0 ? 12 : now.tm_hour % 12;
    const std::string minutes = now.tm_min == 0   ? " o'clock"
                                : now.tm_min < 10 ? " oh " + std::to_string(now.tm_min)
                                                  : " " + std::to_string(now.tm_min);
    const bool elsewhere = has_any(w, {"is it in", "time in"});
    return std::string(elsewhere ? "I only know the time here. " : "") + "It is " +
           std::to_string(hour) + minutes +
           (now.tm_hour < 12   ? " in the morning."
            : now.tm_hour < 18 ? " in the afternoon."
                               : " in the evening.");
  }
  if (has_any(w, {"what year", "which year"})) {
    return "It is the year " + std::to_string(1900 + now.tm_year) + ".";
  }
  if (has_any(w, {"what month", "which month"})) {
    return std::string("It is ") + kMonths[static_cast<std::size_t>(now.tm_mon % 12)] + ".";
  }
  if (!has_any(w, {"what date", "which date", "is the date", "was the date", "me the date",
                   "what day", "which day", "day is it", "today's date", "what is today",
                   "what is tomorrow", "the date today"})) {
    return std::nullopt;
  }
  if (has_phrase(w, "tomorrow")) return "Tomorrow is " + date_of(now, 1);
  if (has_phrase(w, "yesterday")) return "Yesterday was " + date_of(now, -1);
  return "Today is " + date_of(now, 0);
}

Answer names(const Situation& s) {
  if (has_any(s.words, {"what is my name", "who am i", "my name again", "remember my name",
                        "know my name"})) {
    const std::string name = known_name(s.request);
    return name.empty() ? "You have not told me your name yet. What is it?"
                        : "Your name is " + name + ".";
  }
  const bool asks_ours =
      has_any(s.words, {"your name", "who are you", "what are you", "about yourself", "made you",
                        "created you", "are you human", "are you real", "are you a", "which model",
                        "what model", "are you an", "are you chat"});
  std::string name = name_told_in(s.words);
  if (name.empty()) name = name_introduced_in(s.sentence);
  if (!name.empty()) {
    return "Nice to meet you, " + name + ". " +
           (asks_ours ? "I am " + s.persona.name + "." : "How can I help you?");
  }
  if (asks_ours) {
    return "I am " + s.persona.name +
           ", the conversationalist that is built into this server: a small set of rules, not a "
           "language model.";
  }
  return std::nullopt;
}

Answer facts_told(const Situation& s) {
  if (const auto asked = find_phrase(s.words, "what is my")) {
    Words thing(s.words.begin() + static_cast<std::ptrdiff_t>(*asked) + 3, s.words.end());
    if (!thing.empty() && thing.back() == "called") thing.pop_back();
    if (thing.empty()) return std::nullopt;
    const std::string spoken(prefix(join(thing), 100));
    const auto told = told_about(s.request, thing);
    if (!told) return "You have not told me about your " + spoken + ".";
    return "You told me that your " + spoken + " " + told->verb + " " + told->value + ".";
  }
  const auto fact = fact_in(s.words);
  if (!fact) return std::nullopt;
  return "I will remember that your " + fact->thing + " " + fact->verb + " " +
         capital_kept(s.sentence, fact->value) + ".";
}

// What people ask of a voice assistant and rules without tools cannot do.
Answer admit(const Situation& s) {
  const auto& w = s.words;
  if (has_any(w, {"weather", "forecast"})) {
    return "I cannot tell: I have no tool for the weather here.";
  }
  if (has_any(w, {"play music", "play some", "play a song"})) return "I cannot play music.";
  if (has_any(w, {"sing"})) return "I cannot sing, but I can tell you a story.";
  if (has_any(w, {"set a timer", "set an alarm", "wake me", "remind me"})) {
    return "I cannot do that: I have no clock that rings.";
  }
  if (has_any(w, {"the news", "translate"})) return "I cannot do that without a language model.";
  if (has_any(w, {"is slow", "slow today", "terribly", "is wrong", "not working", "does not work",
                  "is broken", "is sick", "is very sick", "is ill", "is dead", "has died", "died",
                  "i am sad", "i am sick", "is late", "is missing", "is lost"})) {
    return "I am sorry to hear that. What has happened?";
  }
  return std::nullopt;
}

Answer entertain(const Situation& s) {
  const std::size_t turn = user_turns(s.request);
  if (has_any(s.words, {"story", "stories", "fairy tale"})) return kStory;
  if (has_any(s.words, {"joke", "jokes", "make me laugh", "something funny"})) {
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
  if (has_any(w, {"say that again", "repeat that", "what did you say", "say it again", "pardon"})) {
    const std::string last = said_by_us(s.request);
    return last.empty() ? "I have not said anything yet." : last;
  }
  if (has_any(w, {"what did i say", "what did i just say", "what i said"})) {
    const std::string before = said_before(s.request);
    return before.empty() ? "You have not said anything before that." : "You said: " + before + ".";
  }
  if (has_any(w, {"what can you do", "what can i do", "help me", "what do you do", "can you help",
                  "what can i ask", "what can i say"})) {
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
  if (has_any(w, {"nice to meet you", "pleased to meet you"})) {
    return "It is nice to meet you too" + comma_name + ".";
  }
  if (has_any(w, {"you are welcome"})) return "Tell me when you need something.";
  if (has_any(w, {"i am fine", "i am good", "i am well", "i am great", "i am happy"})) {
    return "I am glad to hear that. What can I do for you?";
  }
  if (w.size() <= 3 && has_any(w, {"sorry"})) return "No problem. What would you like to do?";
  if (has_any(w, {"congratulations"})) return "Thank you. I am glad that it works!";
  if (has_any(w, {"thank you", "thanks"})) return "You are welcome" + comma_name + ".";
  if (has_any(w, {"goodbye", "good bye", "good bang", "good buy", "good by", "bye", "see you",
                  "good night", "farewell"})) {
    return "Goodbye" + comma_name + ". It was nice talking to you.";
  }
  if (has_any(
          w, {"hello", "hi", "hey", "good morning", "good afternoon", "good evening", "welcome"})) {
    return "Hello" + comma_name + "! How can I help you?";
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
  for (auto entry = request.history.rbegin(); entry != request.history.rend(); ++entry) {
    const auto* said = std::get_if<engine::Utterance>(&*entry);
    if (said == nullptr || said->speaker != engine::Speaker::user) continue;
    const auto sentences = sentences_of(prefix(said->text, kRememberedMax));
    for (auto sentence = sentences.rbegin(); sentence != sentences.rend(); ++sentence) {
      if (std::string name = name_in(*sentence); !name.empty()) return name;
    }
  }
  return {};
}

std::optional<std::string> answer(const Situation& situation) {
  using Skill = Answer (*)(const Situation&);
  static constexpr std::array<Skill, 6> kSkills = {spell, count,     repeat,
                                                   names, tell_time, entertain};
  for (const auto skill : kSkills) {
    if (auto text = skill(situation)) return text;
  }
  if (auto sum = answer_sum(situation.words)) {
    // A told fact may look like one: "my number is 555-1234".
    return fact_in(situation.words) ? facts_told(situation) : sum;
  }
  if (auto text = admit(situation)) return text;
  if (auto text = facts_told(situation)) return text;
  return small_talk(situation);
}

}  // namespace parley::providers::embedded
