// SPDX-License-Identifier: MIT
#include "session/spoken_text.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace parley::tests {
namespace {

// What is said of one clause, with runs of spaces as one, for reading.
std::string said(std::string_view text) {
  session::SpokenText spoken;
  const std::string given = spoken.next(text);
  CHECK(given.size() == text.size());
  std::string out;
  for (const char c : given) {
    const bool space = c == ' ' || c == '\n';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

TEST_CASE("plain text is said as it is") {
  for (const std::string_view text :
       {"It costs $3.50 (about €3), i.e. 5% of 70!", "你好，世界。", "नमस्ते।",
        "Don't “stop” – go on…", "3 * 4 = 12", "café naïve über"}) {
    CHECK(said(text) == text);
  }
}

TEST_CASE("Markdown's marks are not read aloud") {
  CHECK(said("**Bold**, *soft*, ~~gone~~ and `code`.") == "Bold, soft, gone and code.");
  CHECK(said("# A title") == "A title");
  CHECK(said("- one\n* two\n> three") == "one two three");
  CHECK(said("1. First") == "1. First");
  CHECK(said("---") == "");
  CHECK(said("| a | b |") == "a b");
  CHECK(said("- [ ] open\n- [x] done") == "open done");
}

TEST_CASE("HTML's tags are not read aloud, other angle brackets are kept") {
  CHECK(said("<b>Bold</b>,<br/>and <a href=\"x\">a link</a>.") == "Bold, and a link.");
  for (const std::string_view text : {"5 < 7 and 9 > 3", "a <weird> word", "I <3 you"}) {
    CHECK(said(text) == text);
  }
}

TEST_CASE("links are said by their words, bare ones by their host") {
  CHECK(said("See [the docs](https://example.com/x_y?z=1) now.") == "See the docs now.");
  CHECK(said("See https://www.example.com/a/b?c=d#e.") == "See example.com.");
  CHECK(said("![A cat](cat.png)") == "A cat");
}

TEST_CASE("emoji are not read aloud") {
  CHECK(said("Well done 🎉👍🏽!") == "Well done!");
  CHECK(said("👨‍👩‍👧 ❤️ ⭐") == "");
  CHECK(said("🇩🇪 Germany") == "Germany");
}

TEST_CASE("a block of code is left out, over several clauses") {
  session::SpokenText spoken;
  const auto blank = [](const std::string& text) {
    return text.find_first_not_of(" \n") == std::string::npos;
  };
  CHECK(!blank(spoken.next("Try this:")));
  CHECK(blank(spoken.next("\n```python")));
  CHECK(blank(spoken.next("\nprint('hello')")));
  CHECK(blank(spoken.next("\nx = 1. y = 2.")));
  CHECK(!blank(spoken.next("\n```\nThat was it.")));
  CHECK(said("Use ```inline``` here") == "Use");  // the first line of a block names its language
}

TEST_CASE("every text keeps its length") {
  base::Random random(7);
  const std::string_view pieces[] = {"word", " ", "\n",         "```", "](", "[",    "*",  "_", "#",
                                     "- ",   ")", "http://a/b", "🎉",  "ÿ",  "ð", "你", "."};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(30); i > 0; --i) text += pieces[random.below(17)];
    session::SpokenText spoken;
    CAPTURE(round);
    CHECK(spoken.next(text).size() == text.size());
  }
}

}  // namespace
}  // namespace parley::tests
