// SPDX-License-Identifier: MIT
#include "session/context_window.h"

#include <algorithm>

#include "session/history.h"

namespace parley::session {

namespace {

int tokens_of(const StoredItem& stored) {
  const InputTokens tokens = count_tokens(stored);
  return tokens.text + tokens.audio + tokens.image;
}

bool is_orphan(const StoredItem& stored, const std::vector<StoredItem*>& items) {
  if (stored.item.type != protocol::ItemType::function_call_output) return false;
  return std::none_of(items.begin(), items.end(), [&stored](const StoredItem* other) {
    return other->item.type == protocol::ItemType::function_call &&
           other->item.call_id == stored.item.call_id;
  });
}

}  // namespace

bool fit_context(std::vector<StoredItem*>& items, int fixed_tokens, int input_tokens_max,
                 const protocol::Truncation& truncation) {
  const bool retains = truncation.mode == protocol::TruncationMode::retention_ratio;
  std::erase_if(items, [](const StoredItem* stored) { return stored->left_context; });
  int limit = std::max(0, input_tokens_max - fixed_tokens);
  if (retains && truncation.post_instructions) {
    limit = std::min(limit, *truncation.post_instructions);
  }
  int total = 0;
  for (const StoredItem* stored : items) total += tokens_of(*stored);
  if (total <= limit) return true;
  if (truncation.mode == protocol::TruncationMode::disabled) return false;

  const auto kept_max = retains ? static_cast<int>(truncation.retention_ratio * limit) : limit;
  auto first = items.begin();
  while (first + 1 < items.end() && total > kept_max) {
    total -= tokens_of(**first);
    (*first)->left_context = retains;
    ++first;
  }
  items.erase(items.begin(), first);
  // The result of a call that left means nothing to a model, and is an error to some.
  std::erase_if(items, [&](StoredItem* stored) {
    if (!is_orphan(*stored, items)) return false;
    stored->left_context = retains;
    return true;
  });
  return true;
}

}  // namespace parley::session
