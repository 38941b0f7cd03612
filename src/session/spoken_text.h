// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::session {

// What a voice is given of a text, clause by clause: without Markdown's marks, blocks of code,
// emoji, the addresses behind links, and all of a URL but its host. What is left out becomes
// spaces, byte for byte, so word times keep pointing into the text as it was written.
class SpokenText {
 public:
  std::string next(std::string_view clause);

 private:
  bool in_code_ = false;  // between two ``` lines
};

}  // namespace parley::session
