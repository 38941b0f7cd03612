// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "engine/types.h"

namespace parley::providers::embedded {

struct Reply {
  std::string text;  // empty when tools are called
  std::vector<engine::ToolCall> calls;
};

// What the built-in conversationalist answers. Pure: the same request and time, the same reply.
Reply reply_to(const engine::LlmRequest& request, const std::tm& local_time);

}  // namespace parley::providers::embedded
