// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "protocol/session_config.h"
#include "session/conversation.h"

namespace parley::session {

// What the model is given of a conversation that has grown too long: the oldest items leave its
// input (never the conversation). Source: OpenAI Realtime API, `truncation`.
//
// Removes items from the front of `items` until they fit beside `fixed_tokens` (instructions and
// tools) into `input_tokens_max`; the newest item always stays. With a retention ratio items that
// left stay away from later inputs too, so that these share a beginning that engines can cache.
// Returns false when the items do not fit and `truncation` is disabled.
bool fit_context(std::vector<StoredItem*>& items, int fixed_tokens, int input_tokens_max,
                 const protocol::Truncation& truncation);

}  // namespace parley::session
