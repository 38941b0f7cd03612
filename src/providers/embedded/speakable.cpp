// SPDX-License-Identifier: MIT
#include "providers/embedded/speakable.h"

#include <algorithm>

namespace parley::providers::embedded {

namespace {

// Flite reads ASCII; these UTF-8 punctuation marks have a plain equal.
struct Plain {
  std::string_view utf8;
  char ascii;
};
constexpr Plain kPlain[] = {{"\u2019", '\''}, {"\u2018", '\''}, {"\u201c", '"'}, {"\u201d", '"'},
                            {"\u2013", '-'},  {"\u2014", '-'},  {"\u2026", '.'}};

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_mark(unsigned char c) {
  return c < 0x20 || c == 0x7f || c == '*' || c == '_' || c == '`' || c == '#' || c == '|';
}

// Punctuation that the marks around it have left alone would be read out ("dot").
void blank_lone_punctuation(std::string& text) {
  const auto blank = [&text](std::size_t i) { return i >= text.size() || text[i] == ' '; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool alone = (i == 0 || blank(i - 1)) && blank(i + 1);
    if (alone && std::string_view(".,;:!?").find(text[i]) != std::string_view::npos) {
      text[i] = ' ';
    }
  }
}

}  // namespace

std::string without_marks(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (is_mark(static_cast<unsigned char>(c))) c = ' ';
  }
  return out;
}

std::string speakable(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if (is_mark(c)) {
      out[i] = ' ';
    } else if (c >= 0x80) {
      const auto* plain =
          std::find_if(std::begin(kPlain), std::end(kPlain), [&](const Plain& candidate) {
            return std::string_view(out).substr(i).starts_with(candidate.utf8);
          });
      const std::size_t length = plain == std::end(kPlain) ? 1 : plain->utf8.size();
      const char replacement = plain == std::end(kPlain) ? ' ' : plain->ascii;
      out.replace(i, length, length - 1, ' ');
      out.insert(i, 1, replacement);
      i += length - 1;
    }
  }
  blank_lone_punctuation(out);
  return out;
}

bool has_words(std::string_view text) { return std::any_of(text.begin(), text.end(), is_alnum); }

}  // namespace parley::providers::embedded
