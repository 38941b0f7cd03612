// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/persona.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// What follows one of `cues` in the instructions: the quoted text, or the rest of the sentence.
template <std::size_t N>
std::string after(std::string_view text, const std::array<std::string_view, N>& cues) {
  const std::string haystack = lower(text);
  for (const auto cue : cues) {
    const std::size_t found = haystack.find(cue);
    if (found == std::string::npos) continue;
    std::string_view rest = text.substr(found + cue.size());
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" :,")));
    if (rest.empty()) continue;
    if (rest[0] == '"' || rest[0] == '\'') {
      const std::size_t close = rest.find(rest[0], 1);
      if (close != std::string_view::npos) return std::string(rest.substr(1, close - 1));
    }
    return std::string(rest.substr(0, rest.find_first_of(".!?\n")));
  }
  return {};
}

std::string name_in(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kCues = {"your name is ", "you are called ",
                                                            "you are named ", "call yourself "};
  std::string name = after(text, kCues);
  name = name.substr(0, name.find_first_of(" ,;"));
  if (!name.empty()) return capitalised(name);
  // "You are Max, a pirate": a capital letter tells a name from a description.
  const std::size_t found = lower(text).find("you are ");
  if (found == std::string::npos || found + 8 >= text.size()) return {};
  const std::string_view rest = text.substr(found + 8);
  if (std::isupper(static_cast<unsigned char>(rest[0])) == 0) return {};
  return std::string(rest.substr(0, rest.find_first_of(" ,.;!\n")));
}

}  // namespace

Persona read_instructions(std::string_view instructions) {
  static constexpr std::array<std::string_view, 7> kExactly = {
      "respond only with ",    "reply only with ",    "answer only with ", "say exactly ",
      "respond with exactly ", "reply with exactly ", "only say "};
  static constexpr std::array<std::string_view, 5> kBeginning = {
      "start every answer with ", "begin every answer with ", "start by saying ",
      "begin by saying ", "start every response with "};
  static constexpr std::array<std::string_view, 4> kEnding = {
      "end every answer with ", "end every response with ", "always end with ", "always say "};
  Persona persona;
  if (std::string name = name_in(instructions); !name.empty()) persona.name = std::move(name);
  persona.exactly = after(instructions, kExactly);
  persona.beginning = after(instructions, kBeginning);
  persona.ending = after(instructions, kEnding);
  const Words words = words_of(instructions);
  persona.one_word = has_any(words, {"one word", "single word"});
  persona.brief = has_any(words, {"be brief", "be concise", "one sentence", "short answers",
                                  "answer briefly", "keep it short"});
  persona.upper_case = has_any(words, {"uppercase", "upper case", "capital letters", "all caps"});
  return persona;
}

std::string apply(const Persona& persona, std::string answer) {
  if (!persona.exactly.empty()) {
    answer = persona.exactly;
  } else if (persona.one_word) {
    const Words words = words_of(answer);
    if (!words.empty()) answer = capitalised(words.back()) + ".";
  } else if (persona.brief) {
    const auto sentences = sentences_of(answer);
    if (sentences.size() > 1) answer = answer.substr(0, sentences[0].size() + 1);
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
