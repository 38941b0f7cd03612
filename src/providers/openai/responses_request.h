// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/raw_json.h"
#include "engine/types.h"

namespace parley::providers::openai {

// One engine's settings; immutable once read.
struct ResponsesOptions {
  std::string model;
  std::optional<int> max_tokens;      // when the session sets no limit
  std::optional<double> temperature;  // when the session sets none
  std::string reasoning_effort;       // likewise
  base::RawJson extra_body;           // merged over the request; null removes a key
};

// The body of POST …/responses, as JSON text: the whole conversation each time, nothing stored.
std::string responses_request(const ResponsesOptions& options, const engine::LlmRequest& request);

}  // namespace parley::providers::openai
