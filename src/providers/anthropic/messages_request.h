// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::anthropic {

// One engine's settings; immutable once read.
struct MessagesOptions {
  std::string model;
  std::string version = "2023-06-01";  // header anthropic-version
  int max_tokens = 1024;               // the API demands a limit; the session's own goes first
  std::optional<double> temperature;   // when the session sets none
  base::RawJson extra_body;            // merged over the request; null removes a key
};

// The body of POST /v1/messages, as JSON text. What the API asks for: system text apart, roles in
// turn with the user first and last, and results of calls at the head of the user's next message.
std::string messages_request(const MessagesOptions& options, const engine::LlmRequest& request);

}  // namespace parley::providers::anthropic
