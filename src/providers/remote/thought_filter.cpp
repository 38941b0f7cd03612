// SPDX-License-Identifier: MIT
#include "providers/remote/thought_filter.h"

#include <algorithm>

namespace parley::providers::remote {

namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

// How much of the end of `text` could be the beginning of `tag`.
std::size_t begun(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n) {
    if (text.substr(text.size() - n) == tag.substr(0, n)) return n;
  }
  return 0;
}

}  // namespace

void ThoughtFilter::push(std::string_view piece, std::string& out) {
  held_ += piece;
  std::string_view rest = held_;
  const auto say = [&](std::string_view text) {
    if (after_thought_) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
      if (text.empty()) return;
      after_thought_ = false;
    }
    out += text;
  };
  for (;;) {
    // A closing tag alone ends a thought whose beginning the chat template kept to itself.
    const std::size_t open = thinking_ ? std::string_view::npos : rest.find(kOpen);
    const std::size_t close = rest.find(kClose);
    if (open == std::string_view::npos && close == std::string_view::npos) break;
    const bool opens = open < close;
    if (!thinking_) say(rest.substr(0, std::min(open, close)));
    rest.remove_prefix(opens ? open + kOpen.size() : close + kClose.size());
    thinking_ = opens;
    after_thought_ = !opens;
  }
  const std::size_t kept = std::max(begun(rest, kClose), thinking_ ? 0 : begun(rest, kOpen));
  if (!thinking_) say(rest.substr(0, rest.size() - kept));
  held_ = std::string(rest.substr(rest.size() - kept));
}

void ThoughtFilter::finish(std::string& out) {
  if (!thinking_) out += held_;
  held_.clear();
}

}  // namespace parley::providers::remote
