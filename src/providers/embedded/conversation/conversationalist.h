// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <functional>
#include <memory>

#include "base/time.h"
#include "engine/ports.h"

namespace parley::providers::embedded {

struct ConversationalistOptions {
  base::Duration word_interval = base::Milliseconds(5);  // pace of the streamed words
  // The local time, for "what time is it"; tests give their own.
  std::function<std::tm()> local_time;  // empty: the system's
};

// The language model that is built in: a small set of rules that holds a sensible short dialogue,
// calls tools, and says plainly that it is no language model. Deterministic: the same request and
// time give the same answer; all it knows of the past is the request's history. It streams its
// words like a real model. Jobs run on the session's loop: answering takes well under a
// millisecond.
std::unique_ptr<engine::LlmEngine> make_conversationalist(const ConversationalistOptions& options);

}  // namespace parley::providers::embedded
