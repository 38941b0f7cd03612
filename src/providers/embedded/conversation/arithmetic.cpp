// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/arithmetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace parley::providers::embedded {

namespace {

constexpr std::size_t kTermsMax = 20;

// Reads an operator at `position` and moves past it; '\0' when there is none.
char read_operator(const Words& words, std::size_t& position) {
  struct Spelling {
    std::string_view first;
    std::string_view second;  // empty: one word
    char sign;
  };
  static constexpr Spelling kSpellings[] = {
      {"plus", "", '+'},         {"+", "", '+'},         {"minus", "", '-'}, {"-", "", '-'},
      {"less", "", '-'},         {"times", "", '*'},     {"*", "", '*'},     {"x", "", '*'},
      {"multiplied", "by", '*'}, {"divided", "by", '/'}, {"over", "", '/'},  {"/", "", '/'},
      {"added", "to", '+'},
  };
  for (const auto& spelling : kSpellings) {
    if (position >= words.size() || words[position] != spelling.first) continue;
    if (spelling.second.empty()) {
      ++position;
      return spelling.sign;
    }
    if (position + 1 < words.size() && words[position + 1] == spelling.second) {
      position += 2;
      return spelling.sign;
    }
  }
  return '\0';
}

const char* spoken(char sign) {
  switch (sign) {
    case '+':
      return " plus ";
    case '-':
      return " minus ";
    case '*':
      return " times ";
    default:
      return " divided by ";
  }
}

// "minus 4": a voice reads a hyphen as nothing.
std::string spoken(double value) {
  return value < 0 ? "minus " + write_number(-value) : write_number(value);
}

std::optional<std::string> special_sum(const Words& words) {
  if (const auto root = find_phrase(words, "square root of")) {
    std::size_t position = *root + 3;
    const auto value = read_number(words, position);
    if (!value) return std::nullopt;
    if (*value < 0) return "A negative number has no real square root.";
    return "The square root of " + write_number(*value) + " is " + write_number(std::sqrt(*value)) +
           ".";
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t position = i;
    const auto value = read_number(words, position);
    if (!value || position >= words.size()) continue;
    const bool percent = words[position] == "percent" || words[position] == "%";
    if (percent && position + 1 < words.size() && words[position + 1] == "of") {
      position += 2;
      if (const auto whole = read_number(words, position)) {
        return write_number(*value) + " percent of " + write_number(*whole) + " is " +
               write_number(*value / 100 * *whole) + ".";
      }
    }
    if (words[position] == "squared") {
      return write_number(*value) + " squared is " + write_number(*value * *value) + ".";
    }
  }
  return std::nullopt;
}

bool is_operator(const Words& words, std::size_t position) {
  return read_operator(words, position) != '\0';
}

// What the recogniser writes for numbers and operators, put right where a sum makes it certain:
// "for plus to" -> four plus two, "twelve time seven" -> twelve times seven.
Words corrected(Words words) {
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Pair, 6> kHomophones = {{{"for", "four"},
                                                       {"to", "two"},
                                                       {"too", "two"},
                                                       {"tow", "two"},
                                                       {"won", "one"},
                                                       {"ate", "eight"}}};
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != "time") continue;
    for (std::size_t back = i; back-- > 0;) {
      std::size_t end = back;
      std::size_t next = i + 1;
      if (!read_number(words, end)) break;
      if (end == i && read_number(words, next)) words[i] = "times";
    }
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto homophone = std::find_if(kHomophones.begin(), kHomophones.end(),
                                        [&](const Pair& pair) { return pair.first == words[i]; });
    if (homophone == kHomophones.end()) continue;
    const bool before = i > 0 && is_operator(words, i - 1);
    if (before || is_operator(words, i + 1)) words[i] = homophone->second;
  }
  return words;
}

// terms[0] signs[0] terms[1] …, by precedence; nullopt: a division by zero.
std::optional<double> evaluate(std::vector<double> terms, std::vector<char> signs) {
  for (std::size_t i = 0; i < signs.size();) {
    if (signs[i] != '*' && signs[i] != '/') {
      ++i;
      continue;
    }
    if (signs[i] == '/' && terms[i + 1] == 0) return std::nullopt;
    terms[i] = signs[i] == '*' ? terms[i] * terms[i + 1] : terms[i] / terms[i + 1];
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    signs.erase(signs.begin() + static_cast<std::ptrdiff_t>(i));
  }
  double value = terms[0];
  for (std::size_t i = 0; i < signs.size(); ++i) {
    value += signs[i] == '+' ? terms[i + 1] : -terms[i + 1];
  }
  return value;
}

// "add five and six", "subtract three from ten", "the sum of two and three": the verb comes first.
std::optional<std::string> commanded_sum(const Words& words) {
  struct Command {
    std::string_view verb;
    std::string_view link;
    char sign;
    bool swapped;
  };
  static constexpr std::array<Command, 7> kCommands = {{{"add", "and", '+', false},
                                                        {"add", "to", '+', true},
                                                        {"sum", "and", '+', false},
                                                        {"subtract", "from", '-', true},
                                                        {"multiply", "by", '*', false},
                                                        {"multiply", "and", '*', false},
                                                        {"divide", "by", '/', false}}};
  for (const auto& command : kCommands) {
    const auto verb = std::find(words.begin(), words.end(), command.verb);
    if (verb == words.end()) continue;
    auto position = static_cast<std::size_t>(verb - words.begin()) + 1;
    if (position < words.size() && words[position] == "of") ++position;
    const auto first = read_number(words, position);
    if (!first || position >= words.size() || words[position] != command.link) continue;
    const auto second = read_number(words, ++position);
    if (!second) continue;
    const double left = command.swapped ? *second : *first;
    const double right = command.swapped ? *first : *second;
    const auto value = evaluate({left, right}, {command.sign});
    if (!value) return "Nobody can divide by zero, not even I.";
    return spoken(left) + spoken(command.sign) + spoken(right) + " is " + spoken(*value) + ".";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> answer_sum(const Words& heard) {
  const Words words = corrected(heard);
  if (auto special = special_sum(words)) return special;
  if (auto commanded = commanded_sum(words)) return commanded;
  for (std::size_t begin = 0; begin < words.size(); ++begin) {
    std::size_t position = begin;
    const auto first = read_number(words, position);
    if (!first) continue;
    std::vector<double> terms = {*first};
    std::vector<char> signs;
    std::string question = spoken(*first);
    for (;;) {
      std::size_t next = position;
      const char sign = read_operator(words, next);
      if (sign == '\0') break;
      const auto term = read_number(words, next);
      if (!term || terms.size() == kTermsMax) break;
      signs.push_back(sign);
      terms.push_back(*term);
      question += spoken(sign) + spoken(*term);
      position = next;
    }
    if (signs.empty()) {
      begin = position - 1;
      continue;
    }
    const auto value = evaluate(std::move(terms), std::move(signs));
    if (!value) return "Nobody can divide by zero, not even I.";
    return question + " is " + spoken(*value) + ".";
  }
  return std::nullopt;
}

}  // namespace parley::providers::embedded
