// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/remote/thought_filter.h"
#include "providers/remote/tool_calls.h"

namespace parley::providers::remote {

// An answer on its way from a decoder to the session, in the order that the session can take: words
// as they come, without thoughts; then the calls; then words that came after a call began, since
// arguments stream until the next call or the end.
class Answer {
 public:
  void say(std::string_view text, std::vector<engine::LlmEvent>& out);
  ToolCalls& calls() { return calls_; }
  // The figures so far; end() adds the finish.
  engine::LlmDone& figures() { return done_; }
  void end(engine::LlmFinish finish, std::vector<engine::LlmEvent>& out);

 private:
  ThoughtFilter thoughts_;
  ToolCalls calls_;
  std::string late_text_;
  engine::LlmDone done_;
};

}  // namespace parley::providers::remote
