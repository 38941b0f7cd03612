// SPDX-License-Identifier: MIT
#include "net/sse.h"

#include <doctest/doctest.h>

#include <vector>

namespace parley::net {
namespace {

struct Kept {
  std::string type;
  std::string data;
  std::string id;
  friend bool operator==(const Kept&, const Kept&) = default;
};

// Fed in pieces of `step` bytes.
std::vector<Kept> read(std::string_view text, std::size_t step) {
  std::vector<Kept> events;
  const auto keep = [&](const SseEvent& event) {
    events.push_back({std::string(event.type), std::string(event.data), std::string(event.id)});
  };
  SseParser parser;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    REQUIRE(parser.feed(text.substr(0, step), keep));
  }
  parser.finish(keep);
  return events;
}

TEST_CASE("events are the same however the stream is cut and its lines end") {
  const std::vector<Kept> expected = {{"", "one", ""},
                                      {"typed", "two\nlines", "7"},
                                      {"", "", "7"},
                                      {"", "{\"a\": 1}", "7"},
                                      {"", "last", "7"}};
  for (const std::string line_end : {"\n", "\r", "\r\n"}) {
    std::string text = "\xEF\xBB\xBF";
    for (const char* line : {"data: one", "", ": a comment", "event: typed", "data:two", "id: 7",
                             "data: lines", "", "", "data", "", "retry: 10", "unknown: x",
                             "data: {\"a\": 1}", "", "event: dropped", "", "data: last"}) {
      text += line + line_end;
    }
    for (std::size_t step = 1; step <= text.size(); ++step) {
      CAPTURE(step);
      CHECK(read(text, step) == expected);
    }
  }
}

TEST_CASE("an event without its blank line is handed over at the end") {
  CHECK(read("data: whole", 3) == std::vector<Kept>{{"", "whole", ""}});
  CHECK(read("", 1).empty());
}

TEST_CASE("an endless event is refused") {
  SseParser parser(100);
  const auto ignore = [](const SseEvent&) {};
  CHECK(parser.feed("data: " + std::string(50, 'x') + "\n", ignore));
  CHECK_FALSE(parser.feed("data: " + std::string(50, 'x') + "\n", ignore));
}

}  // namespace
}  // namespace parley::net
