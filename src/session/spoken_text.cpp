// SPDX-License-Identifier: MIT
#include "session/spoken_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

namespace parley::session {

namespace {

constexpr std::string_view kFence = "```";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < std::min(end, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

// ---- emoji -------------------------------------------------------------------------------------

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 1;
};

CodePoint code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (length == 1 || text.size() < length) return {lead, 1};
  std::uint32_t value = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (byte(i) & 0x3fU);
  return {value, length};
}

// Pictures, arrows, dingbats, flags, and what joins them. Source: Unicode blocks.
bool is_picture(std::uint32_t c) {
  return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf) ||
         (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2300 && c <= 0x23ff) ||
         (c >= 0x25a0 && c <= 0x25ff) || (c >= 0x2b00 && c <= 0x2bff) ||
         (c >= 0xe0000 && c <= 0xe007f) || c == 0xfe0f || c == 0x200d || c == 0x20e3 || c == 0x2022;
}

void blank_pictures(std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint at = code_point(std::string_view(text).substr(i));
    if (at.value >= 0x80 && is_picture(at.value)) blank(text, i, i + at.length);
    i += at.length;
  }
}

// ---- addresses ---------------------------------------------------------------------------------

bool ends_address(char c) {
  return is_space(c) || c == ')' || c == ']' || c == '>' || c == '"' || c == '<';
}

// "https://www.example.com/a?b=1" is said as "example.com".
void shorten_addresses(std::string& text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    for (std::size_t at = text.find(scheme); at != std::string::npos;
         at = text.find(scheme, at + 1)) {
      std::size_t host = at + scheme.size();
      if (std::string_view(text).substr(host).starts_with("www.")) host += 4;
      std::size_t end = host;
      while (end < text.size() && !ends_address(text[end])) ++end;
      while (end > host && std::string_view(".,;:!?").find(text[end - 1]) != std::string::npos) {
        --end;  // the sentence's, not the address's
      }
      const std::size_t path = std::min(text.find_first_of("/?#", host), end);
      blank(text, at, host);
      blank(text, path, end);
    }
  }
}

// "[words](address)" is said as its words, "![picture](address)" likewise.
void blank_link_targets(std::string& text) {
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const std::size_t close = text.find(')', at);
    const std::size_t open = text.rfind('[', at);
    if (close == std::string::npos || open == std::string::npos) continue;
    if (open > 0 && text[open - 1] == '!') blank(text, open - 1, open);
    blank(text, open, open + 1);
    blank(text, at, close + 1);
  }
}

// ---- HTML in Markdown --------------------------------------------------------------------------

// What models write into Markdown; other things between angle brackets are said.
bool is_tag_name(std::string_view name) {
  static constexpr std::array kKnown = std::to_array<std::string_view>(
      {"a",    "b",     "big",   "blockquote", "br", "code",  "details", "div",    "em",
       "h1",   "h2",    "h3",    "h4",         "hr", "i",     "img",     "kbd",    "li",
       "mark", "ol",    "p",     "pre",        "s",  "small", "span",    "strong", "sub",
       "sup",  "table", "tbody", "td",         "th", "thead", "tr",      "u",      "ul"});
  return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
}

void blank_tags(std::string& text) {
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    std::size_t name = at + 1;
    if (name < text.size() && text[name] == '/') ++name;
    const std::size_t name_end = std::min(text.find_first_of(" />\n", name), text.size());
    const std::size_t close = text.find_first_of("<>", name);
    if (close == std::string::npos || text[close] != '>') continue;
    if (is_tag_name(std::string_view(text).substr(name, name_end - name))) {
      blank(text, at, close + 1);
    }
  }
}

// ---- marks -------------------------------------------------------------------------------------

// At the begin of a line: "# ", "> ", "- ", "- [x] ", "* ", "+ ", "---". A number of a list is
// said.
void blank_line_marks(std::string& text) {
  for (std::size_t line = 0; line < text.size();) {
    std::size_t at = line;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    std::size_t marks = at;
    while (marks < text.size() &&
           std::string_view("#>-*+=").find(text[marks]) != std::string_view::npos) {
      ++marks;
    }
    const bool alone = marks == text.size() || is_space(text[marks]);
    if (marks > at && alone) {
      blank(text, at, marks);
      const std::string_view rest = std::string_view(text).substr(marks);
      for (const std::string_view box : {" [ ] ", " [x] ", " [X] "}) {
        if (rest.starts_with(box)) blank(text, marks, marks + box.size());
      }
    }
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) return;
    line = end + 1;
  }
}

void blank_marks(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool emphasis = c == '*' || c == '_' || c == '~' || c == '`' || c == '|';
    if (!emphasis && static_cast<unsigned char>(c) >= 0x20) continue;
    if (is_space(c)) continue;
    // "3 * 4" keeps its star: a mark of emphasis touches a word.
    const bool lone =
        (i == 0 || is_space(text[i - 1])) && (i + 1 == text.size() || is_space(text[i + 1]));
    if (c == '*' && lone) continue;
    text[i] = ' ';
  }
}

// What the marks around it have left alone would be read out ("dot"): it goes back to its word.
void join_lone_punctuation(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::string_view(".,;:!?").find(text[i]) == std::string_view::npos) continue;
    if (i > 0 && !is_space(text[i - 1])) continue;
    if (i + 1 < text.size() && !is_space(text[i + 1])) continue;
    std::size_t word = i;
    while (word > 0 && text[word - 1] == ' ') --word;
    const char mark = std::exchange(text[i], ' ');
    if (word > 0 && text[word - 1] != '\n') text[word] = mark;
  }
}

}  // namespace

std::string SpokenText::next(std::string_view clause) {
  std::string text(clause);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t fence = text.find(kFence, at);
    const std::size_t end = fence == std::string::npos ? text.size() : fence;
    if (in_code_) blank(text, at, end);
    if (fence == std::string::npos) break;
    in_code_ = !in_code_;
    // The line that opens a block may name the language.
    const std::size_t line_end = std::min(text.find('\n', fence), text.size());
    blank(text, fence, in_code_ ? line_end : fence + kFence.size());
    at = in_code_ ? line_end : fence + kFence.size();
  }
  blank_tags(text);
  blank_link_targets(text);
  shorten_addresses(text);
  blank_line_marks(text);
  blank_marks(text);
  blank_pictures(text);
  if (text != clause) join_lone_punctuation(text);
  // Nothing but signs is nothing to say.
  if (std::none_of(text.begin(), text.end(), is_word)) blank(text, 0, text.size());
  return text;
}

}  // namespace parley::session
