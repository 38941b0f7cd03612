// SPDX-License-Identifier: MIT
#include "session/clause_splitter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <span>

namespace parley::session {

namespace {

// A first clause shorter than this sounds torn off ("Well,").
constexpr std::size_t kFirstClauseMin = 12;
// A sentence shorter than this joins the next one: tiny pieces cost prosody.
constexpr std::size_t kSentenceMin = 8;
// An item of a list is said by itself, however short.
constexpr std::size_t kLineMin = 3;
// Text without a sentence end is cut at a space from here on, so that a voice never waits long; the
// first clause, for which the listener waits, sooner.
constexpr std::size_t kClauseMax = 240;
constexpr std::size_t kFirstClauseMax = 120;

// "September"; what follows a day is waited for no longer than this.
constexpr std::size_t kMonthBytesMax = 9;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The word that ends right before `end` (exclusive), without its full stop.
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && !is_space(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// "J", "U.S", "z.B": single letters with full stops between.
bool is_initials(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool letter = std::isalpha(static_cast<unsigned char>(word[i])) != 0;
    if (i % 2 == 0 ? !letter : word[i] != '.') return false;
  }
  return word.size() % 2 == 1;
}

// English, German, French, Spanish. A full stop behind one of these ends no sentence.
bool is_abbreviation(std::string_view word) {
  static constexpr std::array kKnown = std::to_array<std::string_view>(
      {"mr",  "mrs",  "ms",     "dr",   "prof", "st",  "jr",  "sr",   "vs",  "etc", "inc",
       "ltd", "co",   "approx", "bzw",  "ca",   "usw", "ggf", "inkl", "str", "hr",  "fr",
       "mme", "mlle", "sra",    "srta", "ud",   "uds", "av",  "apdo", "tel", "gen", "rev"});
  return is_initials(word) ||
         std::find(kKnown.begin(), kKnown.end(), lower_case(word)) != kKnown.end();
}

// These only before a number: "No. 5" and "Jan. 5th", but "No. I will not."
bool is_before_number(std::string_view word) {
  static constexpr std::array kKnown = std::to_array<std::string_view>(
      {"no",  "nr",  "vol", "fig", "p",   "pp",   "art", "abs", "num", "jan", "feb", "mar",
       "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "okt", "dez"});
  return std::find(kKnown.begin(), kKnown.end(), lower_case(word)) != kKnown.end();
}

// German writes "am 3. Oktober"; without a month behind it the number ends its sentence.
bool is_month(std::string_view word) {
  static constexpr std::array kKnown = std::to_array<std::string_view>(
      {"Januar", "J\u00e4nner", "Februar", "M\u00e4rz", "April", "Mai", "Juni", "Juli", "August",
       "September", "Oktober", "November", "Dezember"});
  return std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end();
}
bool is_day(std::string_view word) {
  return !word.empty() && word.size() <= 2 &&
         std::all_of(word.begin(), word.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "1." at the begin of a line counts a list.
bool is_list_number(std::string_view text, std::size_t begin, std::size_t end) {
  const bool digits = end > begin && end - begin <= 3 &&
                      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end),
                                  [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!digits) return false;
  while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
  return begin == 0 || text[begin - 1] == '\n';
}

std::size_t length_of_any(std::string_view text, std::size_t at,
                          std::span<const std::string_view> marks) {
  for (const std::string_view mark : marks) {
    if (text.substr(at).starts_with(mark)) return mark.size();
  }
  return 0;
}

// Sentence ends that need no space after them: 。！？；｡ of Chinese and Japanese, । and ॥ of Hindi,
// ؟ and ۔ of Arabic and Urdu.
std::size_t wide_stop_length(std::string_view text, std::size_t at) {
  static constexpr std::array kStops = std::to_array<std::string_view>(
      {"\u3002", "\uff01", "\uff1f", "\uff1b", "\uff61", "\u0964", "\u0965", "\u061f", "\u06d4"});
  return length_of_any(text, at, kStops);
}

// ，、：; of the same, and the Arabic comma.
std::size_t wide_pause_length(std::string_view text, std::size_t at) {
  static constexpr std::array kPauses =
      std::to_array<std::string_view>({"\uff0c", "\u3001", "\uff1a", "\u060c"});
  return length_of_any(text, at, kPauses);
}

// 」』”’）】 belong to the sentence before them.
std::size_t wide_closing_length(std::string_view text, std::size_t at) {
  static constexpr std::array kMarks =
      std::to_array<std::string_view>({"\u300d", "\u300f", "\u201d", "\u2019", "\uff09", "\u3011"});
  return length_of_any(text, at, kMarks);
}

bool is_closing_mark(char c) { return c == '"' || c == '\'' || c == ')' || c == ']'; }

}  // namespace

// A sentence end at `at`, of `length` bytes: where the sentence is over, with the marks that close
// it; nothing when what follows may still belong to it.
std::optional<std::size_t> wide_end(std::string_view text, std::size_t at, std::size_t length) {
  std::size_t end = at + length;
  for (;;) {
    if (end == text.size()) return std::nullopt;
    std::size_t more = wide_stop_length(text, end);
    if (more == 0) more = wide_closing_length(text, end);
    if (more == 0) return end;
    end += more;
  }
}

std::size_t ClauseSplitter::find_cut() const {
  const std::string_view text = pending_;
  std::size_t last_space = 0;
  std::size_t last_pause = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' && i >= kLineMin) return i;
    if (is_space(c)) {
      last_space = i;
      if (i >= kClauseMax) return last_pause > kClauseMax / 3 ? last_pause : i;
      if (first_ && i >= kFirstClauseMax) return i;
      continue;
    }
    if (const std::size_t wide = wide_stop_length(text, i); wide > 0) {
      return wide_end(text, i, wide).value_or(0);
    }
    if (const std::size_t wide = wide_pause_length(text, i); wide > 0) {
      if (first_ && i >= kFirstClauseMin) return i + wide;
      if (i >= kClauseMax / 2) return i + wide;
    }
    const bool ellipsis = text.substr(i).starts_with("\u2026");
    const bool sentence_end = c == '.' || c == '!' || c == '?' || ellipsis;
    const bool pause = c == ',' || c == ';' || c == ':';
    if (pause && i + 1 < text.size() && is_space(text[i + 1])) last_pause = i + 1;
    if (!sentence_end && !(pause && first_)) continue;
    const std::string_view word = word_before(text, i);
    if (c == '.' && (is_abbreviation(word) || is_list_number(text, i - word.size(), i))) continue;
    std::size_t end = i + (ellipsis ? 3 : 1);
    while (end < text.size() && (is_closing_mark(text[end]) || text[end] == '.' ||
                                 text[end] == '!' || text[end] == '?')) {
      ++end;
    }
    if (end == text.size()) return 0;    // what follows decides: "3.5" is no sentence end
    if (!is_space(text[end])) continue;  // "parley.toml", "12:30"
    if (c == '.' && is_before_number(word)) {
      const std::size_t next = text.find_first_not_of(' ', end);
      if (next == std::string_view::npos) return 0;
      if (std::isdigit(static_cast<unsigned char>(text[next])) != 0) continue;
    }
    if (c == '.' && is_day(word)) {
      const std::size_t next = std::min(text.find_first_not_of(' ', end), text.size());
      const std::size_t next_end = text.find_first_of(" \n,.;:!?", next);
      const std::string_view begun = text.substr(next, next_end - next);
      if (next_end == std::string_view::npos && begun.size() <= kMonthBytesMax) return 0;
      if (is_month(begun)) continue;
    }
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
