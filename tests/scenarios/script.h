// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

// A scenario as text: what a client, its user and the engines do, and what is expected of the
// session. README.md has the language.
namespace parley::tests {

// `path=value`, `path=value±tolerance`, `path~part` or `path=>name`.
struct Field {
  enum class Kind : std::uint8_t { equals, contains, capture };
  std::string path;
  Kind kind = Kind::equals;
  std::string value;
  double tolerance = 0;
  bool quoted = false;  // a string, even if it looks like a number
};

struct Step {
  int line = 0;
  // When: after the last step, at a time since the start, or some time after the last step.
  std::optional<base::Duration> at;
  bool relative = false;

  std::string verb;                // "client", "speech", "expect", …
  std::vector<std::string> words;  // unquoted words and quoted texts behind it, in order
  std::vector<Field> fields;
  std::string json;  // from the first `{` on; empty: none
};

struct Scenario {
  std::string name;  // area/file, without the ending
  std::string about;
  std::vector<std::string> dialects;  // "ga", "beta"
  bool extension = false;             // says what the published schema does not allow
  std::vector<Step> steps;
  std::vector<std::string> mistakes;  // of the text itself: "line 3: …"
};

Scenario parse_scenario(std::string name, std::string_view text);

// "800ms", "2s", "60min"; nothing when it is none of these.
std::optional<base::Duration> parse_duration(std::string_view text);

}  // namespace parley::tests
