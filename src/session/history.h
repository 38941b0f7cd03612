// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/types.h"
#include "session/conversation.h"

namespace parley::session {

// What one item is to a language model; nothing for items that say nothing (an answer that was cut
// before its first word). Audio is represented by its text.
void append_history(const StoredItem& stored, std::vector<engine::HistoryEntry>& history);

// Tokens of an item when it is part of the model's input.
struct InputTokens {
  int text = 0;
  int audio = 0;
};
InputTokens count_tokens(const StoredItem& stored);

}  // namespace parley::session
