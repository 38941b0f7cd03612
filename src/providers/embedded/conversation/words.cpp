// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace parley::providers::embedded {

namespace {

constexpr std::size_t kWordsMax = 2000;

using Pair = std::pair<std::string_view, std::string_view>;
constexpr std::array<Pair, 22> kContractions = {{
    {"what's", "what is"}, {"whats", "what is"},  {"who's", "who is"},   {"where's", "where is"},
    {"how's", "how is"},   {"it's", "it is"},     {"that's", "that is"}, {"i'm", "i am"},
    {"you're", "you are"}, {"i'd", "i would"},    {"i'll", "i will"},    {"i've", "i have"},
    {"don't", "do not"},   {"can't", "can not"},  {"cannot", "can not"}, {"won't", "will not"},
    {"let's", "let us"},   {"he's", "he is"},     {"she's", "she is"},   {"there's", "there is"},
    {"isn't", "is not"},   {"didn't", "did not"},
}};

bool is_word_char(unsigned char c) { return std::isalnum(c) != 0 || c >= 0x80; }

void add_word(std::string word, Words& words) {
  while (!word.empty() && (word.back() == '\'' || word.back() == '.' || word.back() == ',')) {
    word.pop_back();
  }
  if (word.empty()) return;
  for (const auto& [from, to] : kContractions) {
    if (word != from) continue;
    const std::size_t space = to.find(' ');
    words.emplace_back(to.substr(0, space));
    words.emplace_back(to.substr(space + 1));
    return;
  }
  words.push_back(std::move(word));
}

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i));
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

// What the embedded recogniser is known to make of these.
constexpr std::array<Pair, 8> kMisheard = {{
    {"whether", "weather"},
    {"wether", "weather"},
    {"choke", "joke"},
    {"yolk", "joke"},
    {"tying", "time"},
    {"thyme", "time"},
    {"color", "colour"},
    {"colour", "color"},
}};

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 8> kTens = {"twenty", "thirty",  "forty",  "fifty",
                                                   "sixty",  "seventy", "eighty", "ninety"};

template <std::size_t N>
int index_in(const std::array<std::string_view, N>& list, std::string_view word) {
  const auto found = std::find(list.begin(), list.end(), word);
  return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}

std::optional<double> read_digits(std::string word) {
  std::erase(word, ',');  // 1,000
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> small_number(std::string_view word) {
  if (const int small = index_in(kSmall, word); small >= 0) return small;
  if (const int tens = index_in(kTens, word); tens >= 0) return 20 + 10 * tens;
  return std::nullopt;
}

// The "and" of "a hundred and five", or the "a"; `so_far` is empty before the first number word.
bool links_number(const Words& words, std::size_t i, std::optional<double> so_far) {
  if (i + 1 >= words.size()) return false;
  if (!so_far) return words[i] == "a" && (words[i + 1] == "hundred" || words[i + 1] == "thousand");
  return words[i] == "and" && *so_far > 0 && std::fmod(*so_far, 100) == 0 &&
         small_number(words[i + 1]).has_value();
}

}  // namespace

Words words_of(std::string_view text) {
  Words words;
  std::string word;
  for (std::size_t i = 0; i < text.size() && words.size() < kWordsMax; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool digit_next =
        i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
    const bool after_digit = !word.empty() && std::isdigit(static_cast<unsigned char>(word.back()));
    if ((c == 'x' || c == 'X') && after_digit && digit_next) {  // 12x7
      add_word(std::exchange(word, {}), words);
      words.emplace_back(1, 'x');
    } else if (is_word_char(c)) {
      word += static_cast<char>(std::tolower(c));
    } else if ((c == '\'' && !word.empty()) ||
               ((c == '.' || c == ',') && after_digit && digit_next)) {
      word += static_cast<char>(c);
    } else {
      add_word(std::exchange(word, {}), words);
      if (c == '-' && digit_next && (words.empty() || !read_digits(words.back()))) {
        word.assign(1, '-');
      } else if (c == '+' || c == '*' || c == '/' || c == '%' || c == '=' || c == '-') {
        words.emplace_back(1, static_cast<char>(c));
      }
    }
  }
  add_word(std::move(word), words);
  return words;
}

std::vector<std::string> sentences_of(std::string_view text) {
  std::vector<std::string> sentences;
  std::string sentence;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i + 1 < text.size() && text[i + 1] != ' ' && text[i + 1] != '\n';
    if (c == '\n' || ((c == '.' || c == '!' || c == '?') && !inside)) {
      if (!words_of(sentence).empty()) sentences.push_back(sentence);
      sentence.clear();
    } else {
      sentence += c;
    }
  }
  if (!words_of(sentence).empty()) sentences.push_back(std::move(sentence));
  return sentences;
}

bool sounds_like(std::string_view heard, std::string_view meant) {
  if (heard == meant) return true;
  for (const auto& [wrong, right] : kMisheard) {
    if (heard == wrong && meant == right) return true;
  }
  const std::size_t length = std::min(heard.size(), meant.size());
  if (length < 6 || heard.size() > 40 || heard[0] != meant[0]) return false;
  return edit_distance(heard, meant) <= (length >= 8 ? 2 : 1);
}

std::optional<std::size_t> find_phrase(const Words& words, std::string_view phrase,
                                       std::size_t from) {
  std::vector<std::string_view> wanted;
  while (!phrase.empty()) {
    wanted.push_back(phrase.substr(0, phrase.find(' ')));
    phrase.remove_prefix(std::min(phrase.size(), wanted.back().size() + 1));
  }
  for (std::size_t i = from; i + wanted.size() <= words.size(); ++i) {
    bool same = true;
    for (std::size_t j = 0; j < wanted.size() && same; ++j) {
      same = wanted[j] == "*" || sounds_like(words[i + j], wanted[j]);
    }
    if (same) return i;
  }
  return std::nullopt;
}

bool has_phrase(const Words& words, std::string_view phrase) {
  return find_phrase(words, phrase).has_value();
}

bool has_any(const Words& words, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return has_phrase(words, phrase); });
}

std::string join(const Words& words, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < std::min(to, words.size()); ++i) {
    if (!text.empty()) text += ' ';
    text += words[i];
  }
  return text;
}

std::string_view prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string capitalised(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string title_case(const std::string& text) {
  std::string title = text;
  for (std::size_t i = 0; i < title.size(); ++i) {
    if (i == 0 || title[i - 1] == ' ') {
      title[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[i])));
    }
  }
  return title;
}

std::optional<double> read_number(const Words& words, std::size_t& position) {
  std::size_t i = position;
  double sign = 1;
  if (i < words.size() && (words[i] == "minus" || words[i] == "negative")) {
    sign = -1;
    ++i;
  }
  double total = 0;
  double group = 0;  // below the next "thousand"
  bool any = false;
  for (; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (const auto digits = read_digits(word)) {
      if (any) break;
      group = *digits;
      any = true;
    } else if (const auto small = small_number(word)) {
      // "twenty one" goes on, "one two" does not.
      const double last = std::fmod(group, 100);
      const bool fits = !any || group == 0 || (last == 0) ||
                        (last >= 20 && std::fmod(last, 10) == 0 && *small > 0 && *small < 10);
      if (!fits) break;
      group += *small;
      any = true;
    } else if (word == "hundred") {
      group = (any ? std::max(group, 1.0) : 1) * 100;
      any = true;
    } else if (word == "thousand" || word == "million") {
      total += (any ? std::max(group, 1.0) : 1) * (word == "thousand" ? 1e3 : 1e6);
      group = 0;
      any = true;
    } else if (!links_number(words, i, any ? std::optional(group + total) : std::nullopt)) {
      break;
    }
  }
  if (!any) return std::nullopt;
  double value = total + group;
  if (!std::isfinite(value)) return std::nullopt;
  if (i + 1 < words.size() && words[i] == "point") {
    double scale = 0.1;
    for (++i; i < words.size(); ++i, scale /= 10) {
      const auto digit = small_number(words[i]);
      if (!digit || *digit > 9) break;
      value += *digit * scale;
    }
  }
  position = i;
  return sign * value;
}

std::string write_number(double value) {
  std::array<char, 40> text{};
  if (std::abs(value) >= 1e15) {
    std::snprintf(text.data(), text.size(), "%.6g", value);
    return text.data();
  }
  const double rounded = std::round(value);
  if (std::abs(value - rounded) < 1e-9) {
    std::snprintf(text.data(), text.size(), "%.0f", rounded == 0 ? 0.0 : rounded);
    return text.data();
  }
  std::snprintf(text.data(), text.size(), "%.4f", value);
  std::string out = text.data();
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

}  // namespace parley::providers::embedded
