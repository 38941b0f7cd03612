// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/persona.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

namespace {

constexpr std::size_t kPieceMax = 300;  // bytes of what may be put before, after or for an answer

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

struct Quote {
  std::string text;
  bool quoted = false;
};

void skip(std::string_view& text, std::string_view what) {
  if (text.substr(0, what.size()) == what) text.remove_prefix(what.size());
}

// What follows one of `cues` in the instructions: the quoted text, or the rest of the sentence.
template <std::size_t N>
Quote after(std::string_view text, const std::array<std::string_view, N>& cues) {
  const std::string haystack = lower(text);
  for (const auto cue : cues) {
    const std::size_t found = haystack.find(cue);
    if (found == std::string::npos) continue;
    std::string_view rest = text.substr(found + cue.size());
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" :,\n")));
    for (const auto* noun :
         {"the word ", "the words ", "the phrase ", "the text ", "the sentence "}) {
      skip(rest, noun);
    }
    for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"\"", "\""},
                                      {"'", "'"},
                                      {"\u201c", "\u201d"}}) {
      if (rest.substr(0, open.size()) != open) continue;
      const std::size_t end = rest.find(close, open.size());
      if (end == std::string_view::npos) continue;
      return {std::string(prefix(rest.substr(open.size(), end - open.size()), kPieceMax)), true};
    }
    rest = rest.substr(0, rest.find_first_of(".!?\n"));
    return {std::string(prefix(rest, kPieceMax)), false};
  }
  return {};
}

// "respond only with pong" settles the answer; "respond only with JSON" or "say exactly what the
// law requires" tell a real model how to find one.
std::string whole_answer(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kExactly = {
      "respond only with ",    "reply only with ",    "answer only with ", "say exactly",
      "respond with exactly ", "reply with exactly ", "only say "};
  static constexpr std::array<std::string_view, 26> kDescriptions = {
      "json",  "english", "text",    "short",  "brief", "the",  "a",      "an",      "your",
      "what",  "facts",   "numbers", "emojis", "words", "yes",  "no",     "one",     "information",
      "plain", "xml",     "html",    "code",   "valid", "this", "things", "markdown"};
  const Quote found = after(text, kExactly);
  if (found.quoted) return found.text;
  const Words words = words_of(found.text);
  const bool settled =
      !words.empty() && words.size() <= 2 &&
      std::find(kDescriptions.begin(), kDescriptions.end(), words[0]) == kDescriptions.end();
  return settled ? found.text : "";
}

// "End every answer with meow" is short; longer unquoted text describes rather than quotes.
template <std::size_t N>
std::string phrase(std::string_view text, const std::array<std::string_view, N>& cues) {
  const Quote found = after(text, cues);
  return found.quoted || words_of(found.text).size() <= 2 ? found.text : "";
}

bool names_nobody(const std::string& word) {
  static constexpr std::array<std::string_view, 20> kNot = {
      "not",          "a",      "an",     "the",  "to", "in",      "whatever",
      "what",         "chosen", "always", "and",  "or", "unknown", "secret",
      "confidential", "your",   "their",  "when", "if", "only"};
  return std::find(kNot.begin(), kNot.end(), lower(word)) != kNot.end();
}

std::string name_in(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kCues = {"your name is ", "you are called ",
                                                            "you are named ", "call yourself "};
  std::string name = after(text, kCues).text;
  name = name.substr(0, name.find_first_of(" ,;"));
  const std::string small = lower(text);
  if (!name.empty() && !names_nobody(name) &&
      small.find("what your name is") == std::string::npos) {
    return capitalised(name);
  }
  // "You are Max, a pirate": a capital letter at the start of a sentence's object, and nothing
  // behind it that makes it a description ("You are English-speaking", "You are AI").
  for (std::size_t at = small.find("you are "); at != std::string::npos;
       at = small.find("you are ", at + 1)) {
    const std::size_t before = at == 0 ? std::string::npos : small.find_last_not_of(' ', at - 1);
    if (before != std::string::npos && small.find_first_of(".!?\n", before) != before) continue;
    const std::string_view rest = text.substr(at + 8);
    const std::string_view word = rest.substr(0, rest.find_first_of(" ,.;:!?\n'-"));
    if (word.size() < 2 || !is_upper(word[0]) || is_upper(word[1])) continue;
    const std::string_view behind = rest.substr(word.size());
    const Words next = words_of(behind.substr(0, 20));
    const bool ends = behind.empty() || behind.find_first_of(",.;!\n") == 0;
    const bool described = behind.find(' ') == 0 && !next.empty() &&
                           (next[0] == "the" || next[0] == "from" || next[0] == "a");
    if (ends || described) return std::string(word);
  }
  return {};
}

}  // namespace

Persona read_instructions(std::string_view instructions) {
  static constexpr std::array<std::string_view, 4> kBeginning = {
      "start every answer with", "begin every answer with", "start every response with",
      "begin every response with"};
  static constexpr std::array<std::string_view, 6> kOpening = {
      "start by saying",          "begin by saying",     "start the conversation by saying",
      "start the call by saying", "greet the user with", "greet the caller with"};
  static constexpr std::array<std::string_view, 4> kEnding = {
      "end every answer with", "end every response with", "end each answer with",
      "always end with"};
  Persona persona;
  if (std::string name = name_in(instructions); !name.empty()) persona.name = std::move(name);
  persona.exactly = whole_answer(instructions);
  persona.beginning = phrase(instructions, kBeginning);
  persona.ending = phrase(instructions, kEnding);
  if (const Quote opening = after(instructions, kOpening); opening.quoted) {
    persona.opening = opening.text;
  }
  for (const auto& sentence : sentences_of(instructions)) {
    const Words words = words_of(sentence);
    if (has_any(words, {"never", "not", "avoid"})) continue;
    persona.one_word |= has_any(words, {"in one word", "with one word", "one word answers",
                                        "only one word", "single word"});
    persona.brief |= has_any(words, {"be brief", "be concise", "in one sentence", "short answers",
                                     "answer briefly", "keep it short"});
    persona.upper_case |=
        has_any(words, {"uppercase", "upper case", "capital letters", "all caps"});
  }
  return persona;
}

std::string apply(const Persona& persona, std::string answer) {
  if (!persona.exactly.empty()) {
    answer = persona.exactly;
  } else if (persona.one_word) {
    // The last word of the first clause: "2 plus 2 is 4." -> "4."
    const Words words = words_of(answer.substr(0, answer.find_first_of(",:;!?")));
    if (!words.empty()) answer = capitalised(words.back()) + ".";
  } else if (persona.brief) {
    const auto sentences = sentences_of(answer);
    std::size_t end = sentences.empty() ? 0 : sentences[0].size() + 1;
    // A joke's point comes after the question.
    if (end > 0 && answer[end - 1] == '?' && sentences.size() > 1) end += sentences[1].size() + 1;
    if (end > 0) answer = answer.substr(0, end);
  }
  if (!persona.beginning.empty()) answer = persona.beginning + " " + answer;
  if (!persona.ending.empty()) answer += " " + persona.ending;
  if (persona.upper_case) {
    std::transform(answer.begin(), answer.end(), answer.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  return answer;
}

}  // namespace parley::providers::embedded
