// SPDX-License-Identifier: MIT
#include "providers/remote/answer.h"

#include <utility>

namespace parley::providers::remote {

namespace {

constexpr std::size_t kLateBytesMax = 1u << 20u;

}  // namespace

void Answer::say(std::string_view text, std::vector<engine::LlmEvent>& out) {
  if (text.empty()) return;
  std::string heard;
  thoughts_.push(text, heard);
  if (heard.empty()) return;
  if (calls_.empty()) {
    out.emplace_back(engine::LlmText{std::move(heard)});
  } else if (late_text_.size() + heard.size() <= kLateBytesMax) {
    late_text_ += heard;
  }
}

void Answer::end(engine::LlmFinish finish, std::vector<engine::LlmEvent>& out) {
  std::string rest;
  thoughts_.finish(rest);
  if (calls_.empty()) {
    if (!rest.empty()) out.emplace_back(engine::LlmText{std::move(rest)});
  } else {
    calls_.finish(out);
    late_text_ += rest;
    // Servers like to end a call with a line feed.
    if (late_text_.find_first_not_of(" \t\r\n") != std::string::npos) {
      out.emplace_back(engine::LlmText{std::move(late_text_)});
    }
  }
  done_.finish = finish;
  out.emplace_back(done_);
}

}  // namespace parley::providers::remote
