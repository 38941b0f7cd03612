// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Text as the rules see it: lower-case words without punctuation, and how to find meaning in them
// when some were misheard.
namespace parley::providers::embedded {

using Words = std::vector<std::string>;

// "What's 12 x 7?" -> what is 12 x 7. Contractions are opened; at most 2,000 words are looked at.
Words words_of(std::string_view text);
// Splits at . ! ? and line breaks, for utterances of several sentences.
std::vector<std::string> sentences_of(std::string_view text);

// The same word, or one that a recogniser may take it for: an edit away from six letters on, two
// from eight on. Shorter words have too many neighbours ("story", "store").
bool sounds_like(std::string_view heard, std::string_view meant);

// Where the phrase ("what time is it") begins in `words`, each word fuzzily equal; nullopt:
// nowhere. A "*" in the phrase stands for any one word.
std::optional<std::size_t> find_phrase(const Words& words, std::string_view phrase,
                                       std::size_t from = 0);
bool has_phrase(const Words& words, std::string_view phrase);
// Any of several phrases.
bool has_any(const Words& words, std::initializer_list<std::string_view> phrases);

// The words from `from` on, joined by spaces.
std::string join(const Words& words, std::size_t from = 0, std::size_t to = std::string::npos);
// At most `bytes_max` bytes of `text`, never half a character (UTF-8).
std::string_view prefix(std::string_view text, std::size_t bytes_max);
std::string capitalised(std::string text);        // first letter
std::string title_case(const std::string& text);  // each word's first letter

// Reads a number that begins at `position` ("twenty one", "minus 3", "3.5", "two point five", "a
// hundred and five") and moves past it.
std::optional<double> read_number(const Words& words, std::size_t& position);
// 3 -> "3", 2.5 -> "2.5", a third -> "0.3333".
std::string write_number(double value);

}  // namespace parley::providers::embedded
