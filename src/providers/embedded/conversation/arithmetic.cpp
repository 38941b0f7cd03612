// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/arithmetic.h"

#include <cmath>
#include <vector>

namespace parley::providers::embedded {

namespace {

// Reads an operator at `position` and moves past it; '\0' when there is none.
char read_operator(const Words& words, std::size_t& position) {
  struct Spelling {
    std::string_view first;
    std::string_view second;  // empty: one word
    char sign;
  };
  static constexpr Spelling kSpellings[] = {
      {"plus", "", '+'},      {"+", "", '+'},
      {"and", "", '\0'},      {"minus", "", '-'},
      {"-", "", '-'},         {"less", "", '-'},
      {"times", "", '*'},     {"*", "", '*'},
      {"x", "", '*'},         {"multiplied", "by", '*'},
      {"divided", "by", '/'}, {"over", "", '/'},
      {"/", "", '/'},         {"added", "to", '+'},
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

}  // namespace

std::optional<std::string> answer_sum(const Words& words) {
  if (auto special = special_sum(words)) return special;
  for (std::size_t begin = 0; begin < words.size(); ++begin) {
    std::size_t position = begin;
    const auto first = read_number(words, position);
    if (!first) continue;
    std::vector<double> terms = {*first};
    std::vector<char> signs;
    std::string question = write_number(*first);
    for (;;) {
      std::size_t next = position;
      const char sign = read_operator(words, next);
      if (sign == '\0') break;
      const auto term = read_number(words, next);
      if (!term) break;
      signs.push_back(sign);
      terms.push_back(*term);
      question += spoken(sign) + write_number(*term);
      position = next;
    }
    if (signs.empty()) {
      begin = position - 1;
      continue;
    }
    const auto value = evaluate(std::move(terms), std::move(signs));
    if (!value) return "Nobody can divide by zero, not even I.";
    return question + " is " + write_number(*value) + ".";
  }
  return std::nullopt;
}

}  // namespace parley::providers::embedded
