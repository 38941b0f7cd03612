// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/types.h"
#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

// The calls that the user's words ask for; empty when no tool fits. A tool fits when the words
// share enough with its name, description and parameters. Arguments are filled from its JSON
// Schema: places, numbers, enum values, yes and no, quoted or remaining text. "Rome and Oslo" makes
// two calls.
std::vector<engine::ToolCall> choose_tools(const engine::LlmRequest& request, const Words& words);

// What a tool's result says, in a sentence: JSON is read out, text is said as it is.
std::string tell_result(const std::string& output);

}  // namespace parley::providers::embedded
