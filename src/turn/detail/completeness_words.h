// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace parley::turn {

// How likely the words are a whole sentence: 0 to 1, 0.5: cannot tell. `words` is UTF-8, with or
// without punctuation and case. `language` is ISO 639-1 (a region may follow); empty: guessed from
// the words. A language without rules is judged by its punctuation alone.
double words_completeness(std::string_view words, std::string_view language);

// The English rules, on lower-case words without punctuation (turn/completeness_english.cpp).
double english_completeness(std::span<const std::string_view> words);

}  // namespace parley::turn
