// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/types.h"
#include "session/conversation.h"

namespace parley::session {

// How a user's audio is given to a model: as the words that were recognised, or as it sounded.
enum class Hearing : std::uint8_t { words, sound };

// What one item is to a language model; nothing for items that say nothing (an answer that was cut
// before its first word).
void append_history(StoredItem& stored, Hearing hearing,
                    std::vector<engine::HistoryEntry>& history);

// Tokens of an item when it is part of the model's input.
struct InputTokens {
  int text = 0;
  int audio = 0;
  int image = 0;
};
InputTokens count_tokens(const StoredItem& stored);

}  // namespace parley::session
