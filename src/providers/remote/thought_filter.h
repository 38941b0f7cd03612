// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::providers::remote {

// Takes a model's thinking out of what it says: text between <think> and </think>, as reasoning
// models without a field of their own write it. Streaming: what may be the beginning of a tag is
// held back until the next piece.
class ThoughtFilter {
 public:
  // Appends what is meant to be heard.
  void push(std::string_view piece, std::string& out);
  // The text is over: what was held back was no tag.
  void finish(std::string& out);

 private:
  std::string held_;
  bool thinking_ = false;
  bool after_thought_ = false;  // blanks that follow a thought go with it
};

}  // namespace parley::providers::remote
