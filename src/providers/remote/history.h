// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/types.h"

namespace parley::providers::remote {

// A call with its answer. All are borrowed from the history.
struct AnsweredCall {
  const engine::ToolCall* call = nullptr;
  std::string_view output;  // the first result of the call; a word of ours when there is none yet
};

// What was said, or calls that were made together.
using HistoryStep = std::variant<const engine::Utterance*, std::vector<AnsweredCall>>;

// The history as APIs of language models want it: every call answered where it was made, and no
// answer without its call. Utterances with nothing in them are left out; for a last one that was
// sound without words, something is said that tells the model so.
std::vector<HistoryStep> steps_of(std::span<const engine::HistoryEntry> history);

// The newest thing that the user said; null if there is none.
const engine::Utterance* last_user_utterance(std::span<const engine::HistoryEntry> history);

}  // namespace parley::providers::remote
