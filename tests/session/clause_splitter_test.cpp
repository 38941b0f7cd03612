// SPDX-License-Identifier: MIT
#include "session/clause_splitter.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace parley::tests {
namespace {

using Clauses = std::vector<std::string>;

// Feeds `text` in pieces of `piece` bytes, as a model streams it.
Clauses split(std::string_view text, std::size_t piece = 4) {
  session::ClauseSplitter splitter;
  Clauses clauses;
  for (std::size_t i = 0; i < text.size(); i += piece) {
    splitter.push(text.substr(i, piece), clauses);
  }
  splitter.finish(clauses);
  return clauses;
}

TEST_CASE("the first clause is short, later ones are sentences") {
  CHECK(split("Well, let me see, this is long, too. And this, too, is one sentence. Yes!") ==
        Clauses{"Well, let me see,", " this is long, too.", " And this, too, is one sentence.",
                " Yes!"});
}

TEST_CASE("full stops inside numbers, names and abbreviations do not cut") {
  CHECK(split("Mr. Smith paid 3.50 for parley.toml, e.g. yesterday.").size() == 2);
  CHECK(split("It is 3.5 degrees. Cold.") == Clauses{"It is 3.5 degrees.", " Cold."});
}

TEST_CASE("abbreviations, initials, decimals, times and file names stay whole") {
  for (const std::string_view whole :
       {"Dr. Jones met Mrs. Smith at 3.15 p.m. today", "It costs approx. 12.50 euros per litre",
        "J. R. R. Tolkien wrote a book about rings", "Open the file parley.toml at 12:30 please",
        "Fig. 3 and vol. 2 are by Prof. Lee of Inc. fame"}) {
    CAPTURE(whole);
    CHECK(split(whole) == Clauses{std::string(whole)});
  }
}

TEST_CASE("closing marks and runs of stops belong to the sentence they end") {
  CHECK(split("He said \"Stop!\" Then he left.") == Clauses{"He said \"Stop!\"", " Then he left."});
  CHECK(split("Really?! I do not know... Maybe (or not). Fine.") ==
        Clauses{"Really?!", " I do not know...", " Maybe (or not).", " Fine."});
}

TEST_CASE("how the text was cut on its way does not matter") {
  const std::string text =
      "Well, hello there, my friend. It is 3.5 degrees, e.g. cold! \u4f60\u597d\u3002\u518d\u89c1\n"
      "- one thing\n- another thing";
  const Clauses whole = split(text, text.size());
  CHECK(whole.size() >= 5);
  for (std::size_t piece = 1; piece < 20; ++piece) CHECK(split(text, piece) == whole);
}

TEST_CASE("the splitter of an empty text gives nothing, of white space just that") {
  CHECK(split("").empty());
  CHECK(split(" \n ") == Clauses{" \n "});
}

TEST_CASE("a long sentence is cut at a space, so that a voice never waits for its end") {
  std::string endless;
  for (int i = 0; i < 300; ++i) endless += "word ";
  for (const auto& clause : split(endless)) {
    CHECK(clause.size() <= 260);
    CHECK(clause.ends_with("word") != clause.ends_with(' '));
  }
}

TEST_CASE("Chinese, Japanese and Hindi sentences end without a space behind them") {
  CHECK(split("今天天气很好，我们去公园吧。你想去吗？好的。", 3) ==
        Clauses{"今天天气很好，", "我们去公园吧。", "你想去吗？", "好的。"});
  CHECK(split("彼は「待って。」と言った。そして出た。", 3) ==
        Clauses{"彼は「待って。」", "と言った。", "そして出た。"});
  CHECK(split("नमस्ते। आप कैसे हैं? मैं ठीक हूँ।").size() == 3);
}

TEST_CASE("other languages have abbreviations too, and numbers stand before words") {
  for (const std::string_view whole :
       {"Das kostet ca. 5 Euro bzw. z.B. nichts bei Hr. Meier", "Mme. Dupont est en France",
        "El Sr. López vive en la Av. Central", "See No. 5 in vol. 3 of the U.S. edition",
        "It is Nr. 7 of nine"}) {
    CAPTURE(whole);
    CHECK(split(whole) == Clauses{std::string(whole)});
  }
  CHECK(split("Certainly no. I will not.") == Clauses{"Certainly no.", " I will not."});
}

TEST_CASE("dates stay whole") {
  CHECK(split("We met on Jan. 5th. It rained.") == Clauses{"We met on Jan. 5th.", " It rained."});
  CHECK(split("Es war am 3. Oktober. Gut.", 3) == Clauses{"Es war am 3. Oktober.", " Gut."});
  CHECK(split("There are 3. You have two.", 1) == Clauses{"There are 3.", " You have two."});
}

TEST_CASE("a first sentence that is long is begun before it ends") {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "word ";
  const auto clauses = split(text);
  CHECK(clauses.front().size() <= 130);
}

TEST_CASE("the items of a list are said one by one, their numbers with them") {
  CHECK(split("You need:\n1. Flour\n2. Eggs, fresh ones\n- Milk") ==
        Clauses{"You need:", "\n1. Flour", "\n2. Eggs, fresh ones", "\n- Milk"});
}

TEST_CASE("addresses and times stay whole") {
  CHECK(split("Write to ada@example.com or see https://example.com/a.b?c=d for it") ==
        Clauses{"Write to ada@example.com or see https://example.com/a.b?c=d for it"});
}

TEST_CASE("full-width sentence ends cut at once") {
  CHECK(split("\u4f60\u597d\u3002\u518d\u89c1\u3002", 3).size() == 2);
}

TEST_CASE("text without any end is cut all the same, between characters") {
  std::string wide;
  for (int i = 0; i < 400; ++i) wide += "\u4f60";
  const auto clauses = split(wide, 7);
  CHECK(clauses.size() > 1);
  for (const auto& clause : clauses) CHECK(clause.size() % 3 == 0);
}

TEST_CASE("clauses join to the text, whatever it is and however it comes") {
  base::Random random(2026);
  const std::string_view pieces[] = {"word", " ", ". ", ", ",  "3.14",
                                     "\n",   "!", "? ", "Dr.", "\u3002"};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(200); i > 0; --i) text += pieces[random.below(10)];
    std::string joined;
    for (const auto& clause : split(text, 1 + random.below(9))) joined += clause;
    CAPTURE(round);
    CHECK(joined == text);
  }
}

}  // namespace
}  // namespace parley::tests
