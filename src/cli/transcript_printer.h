// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace parley::cli {

enum class Voice : std::uint8_t { user, assistant };

// Prints a conversation as it comes, a line per utterance: deltas are appended to the line of
// whoever speaks, a change of speaker begins a new one. One thread; `out` must outlive it.
class TranscriptPrinter {
 public:
  enum class Labels : std::uint8_t { none, shown };

  TranscriptPrinter(std::FILE* out, Labels labels) : out_(out), labels_(labels) {}

  void delta(Voice voice, std::string_view text);
  void note(std::string_view text);  // a line of its own, in brackets
  void end_line();

 private:
  std::FILE* out_;
  const Labels labels_;
  bool line_open_ = false;
  Voice speaking_ = Voice::user;
};

}  // namespace parley::cli
