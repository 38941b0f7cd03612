// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "engine/types.h"
#include "providers/openai/chat_options.h"

namespace parley::providers::openai {

// The body of POST …/chat/completions, as JSON text. Parameters in `refused` are left out: this
// server does not know them. Source: the API reference of chat completions.
std::string chat_request(const ChatOptions& options, const engine::LlmRequest& request,
                         const std::set<std::string>& refused);

// The parameter that a refusal complains about and that is better left out; empty: none. Only those
// without which an answer still makes sense.
std::string refused_parameter(const std::string& message, const std::set<std::string>& refused);

}  // namespace parley::providers::openai
