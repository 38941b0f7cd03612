// SPDX-License-Identifier: MIT
// The printed configuration, and the reference page made of the same table.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "config/load.h"
#include "tests/config/sources.h"

namespace parley::config::test {

TEST_CASE("secrets are masked when printed, and never shown in messages") {
  Options options;
  options.server.tokens = {"hunter2", "hunter3"};
  options.llm.options = {{"api_key", "hunter4"}, {"model", "small"}};
  const std::string printed = print(options);
  CHECK(printed.find("hunter") == std::string::npos);
  CHECK(printed.find("tokens = [\"***\", \"***\"]\n") != std::string::npos);
  CHECK(printed.find("api_key = \"***\"\n") != std::string::npos);
  CHECK(printed.find("model = \"small\"\n") != std::string::npos);
  CHECK(
      error_of({.file = "[server]\ntokens = [\"hunter2\", \"\"]\n", .environment = {}, .flags = {}})
          .find("hunter") == std::string::npos);
}

TEST_CASE("what is printed can be read again and means the same") {
  Options options;
  options.session.instructions = "Say \"hi\"\\\n\x01 and stop\x7f";
  options.server.listen = {"127.0.0.1:1", "[::1]:2"};
  options.tts = {"tts", "my voice", "espeak", {{"odd key", "x"}}, {}};
  const auto again = load_given({.file = print(options), .environment = {}, .flags = {}});
  REQUIRE(again);
  CHECK(print(*again) == print(options));
  CHECK(again->session.instructions == options.session.instructions);
}

TEST_CASE("the reference page lists every key with its default and meaning") {
  std::ifstream stream(PARLEY_CONFIG_REFERENCE);
  const std::string page{std::istreambuf_iterator<char>(stream), {}};
  REQUIRE_FALSE(page.empty());
  for (const KeyInfo& info : keys()) {
    const std::string row =
        "| `" + info.key + "` | `" + info.default_value + "` | " + info.meaning + " |";
    CAPTURE(row);
    CHECK(page.find(row) != std::string::npos);
  }
}

}  // namespace parley::config::test
