// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace parley::base {

// A JSON value that is carried, not understood: kept as its compact text so that layers without a
// JSON library can hold and echo it. Always valid JSON; empty means absent.
struct RawJson {
  std::string text;

  bool present() const { return !text.empty(); }
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

}  // namespace parley::base
