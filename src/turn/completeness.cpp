// SPDX-License-Identifier: MIT
// A judge that reads the last words: what cannot end a sentence, and what usually does.
#include "turn/completeness.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>

namespace parley::turn {
namespace {

// Words after which an English sentence goes on, nearly always.
constexpr std::array<std::string_view, 46> kGoesOn = {
    "a",   "an",   "the",   "and",   "or",   "but",   "so",    "because", "if",   "when",
    "to",  "of",   "for",   "with",  "from", "in",    "into",  "my",      "your", "his",
    "her", "our",  "their", "i",     "we",   "they",  "he",    "she",     "is",   "are",
    "was", "were", "am",    "will",  "can",  "could", "would", "should",  "very", "um",
    "uh",  "er",   "like",  "about", "then", "than"};

std::string last_word(std::string_view words) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '\'' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  std::size_t end = words.size();
  while (end > 0 && !is_word(words[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_word(words[begin - 1])) --begin;
  std::string word(words.substr(begin, end - begin));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word;
}

class WordJudge final : public CompletenessJudge {
 public:
  double completeness(const PauseEvidence& evidence) const override {
    const std::string word = last_word(evidence.words);
    if (word.empty()) return 0.5;
    if (std::ranges::find(kGoesOn, word) != kGoesOn.end()) return 0.1;
    return 0.85;
  }
};

}  // namespace

std::unique_ptr<CompletenessJudge> make_completeness_judge() {
  return std::make_unique<WordJudge>();
}

int wait_ms(double completeness, WaitRange range) {
  const double doubt = 1 - std::clamp(completeness, 0.0, 1.0);
  return range.min_ms +
         static_cast<int>(std::lround((range.max_ms - range.min_ms) * doubt * doubt));
}

}  // namespace parley::turn
