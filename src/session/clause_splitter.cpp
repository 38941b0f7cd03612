// SPDX-License-Identifier: MIT
#include "session/clause_splitter.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::session {

namespace {

// A first clause shorter than this sounds torn off ("Well,").
constexpr std::size_t kFirstClauseMin = 12;
// A sentence shorter than this joins the next one: tiny pieces cost prosody.
constexpr std::size_t kSentenceMin = 8;
// Text without a sentence end is cut at a space from here on, so that a voice never waits long.
constexpr std::size_t kClauseMax = 240;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The word that ends right before `end` (exclusive), without its full stop.
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && !is_space(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

bool is_abbreviation(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kKnown = {
      "mr",  "mrs", "ms",  "dr",  "prof", "st",  "jr", "sr",     "vs",  "etc", "e.g",
      "i.e", "no",  "vol", "fig", "inc",  "ltd", "co", "approx", "a.m", "p.m"};
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.size() == 1 && std::isalpha(static_cast<unsigned char>(lower[0])) != 0) return true;
  return std::find(kKnown.begin(), kKnown.end(), lower) != kKnown.end();
}

// Full-width sentence ends need no space after them: 。 ！ ？
std::size_t wide_stop_length(std::string_view text, std::size_t at) {
  for (const std::string_view stop : {"\u3002", "\uff01", "\uff1f"}) {
    if (text.substr(at).starts_with(stop)) return stop.size();
  }
  return 0;
}

bool is_closing_mark(char c) { return c == '"' || c == '\'' || c == ')' || c == ']'; }

}  // namespace

std::size_t ClauseSplitter::find_cut() const {
  const std::string_view text = pending_;
  std::size_t last_space = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' && i >= kSentenceMin) return i;
    if (is_space(c)) {
      last_space = i;
      if (i >= kClauseMax) return i;
      continue;
    }
    if (const std::size_t wide = wide_stop_length(text, i); wide > 0) return i + wide;

    const bool sentence_end = c == '.' || c == '!' || c == '?';
    const bool pause = first_ && (c == ',' || c == ';' || c == ':');
    if (!sentence_end && !pause) continue;
    if (c == '.' && is_abbreviation(word_before(text, i))) continue;
    std::size_t end = i + 1;
    while (end < text.size() && (is_closing_mark(text[end]) || text[end] == '.' ||
                                 text[end] == '!' || text[end] == '?')) {
      ++end;
    }
    if (end == text.size()) return 0;    // what follows decides: "3.5" is no sentence end
    if (!is_space(text[end])) continue;  // "parley.toml", "12:30"
    if (end < (sentence_end ? kSentenceMin : kFirstClauseMin)) continue;
    return end;
  }
  if (text.size() <= kClauseMax * 2) return 0;
  if (last_space > 0) return last_space;
  std::size_t cut = kClauseMax;  // no space at all: cut between two characters (UTF-8)
  while (cut > 1 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return cut;
}

void ClauseSplitter::push(std::string_view text, std::vector<std::string>& clauses) {
  pending_ += text;
  while (const std::size_t cut = find_cut()) {
    clauses.push_back(pending_.substr(0, cut));
    pending_.erase(0, cut);
    first_ = false;
  }
}

void ClauseSplitter::finish(std::vector<std::string>& clauses) {
  if (!pending_.empty()) clauses.push_back(std::move(pending_));
  pending_.clear();
}

}  // namespace parley::session
