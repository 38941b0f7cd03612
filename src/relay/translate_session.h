// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "relay/document.h"

// The objects that look different in the two dialects, one into the other. Pure; members that
// neither dialect names stay as they are. Source: the published schemas of GA and beta.
namespace parley::relay {

// Which way a document goes. What a server says is complete, so defaults fill what the other
// dialect lacks; what a client says is a change, so nothing is added and what servers refuse to be
// told (`id`, `object`, `expires_at`) is left out.
enum class Speaker : std::uint8_t { client, server };

// `session` of session.* and transcription_session.* events: beta's is flat, GA's is nested.
enum class SessionKind : std::uint8_t { realtime, transcription };
Value session_to_ga(Value flat, SessionKind kind, Speaker speaker);
Value session_to_beta(Value nested, SessionKind kind, Speaker speaker);

// A response, and the `response` of response.create; without its items.
Value response_to_ga(Value flat, Speaker speaker);
Value response_to_beta(Value nested, Speaker speaker);

// An item: the types of its parts, and what a dialect always says of it.
void item_to_ga(Value& item);
void item_to_beta(Value& item, Speaker speaker);

}  // namespace parley::relay
