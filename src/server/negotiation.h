// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/http.h"
#include "protocol/dialect/dialect.h"

namespace parley::server {

enum class DialectKind : std::uint8_t { openai_ga, openai_beta };

// GA, unless the client asks for beta: header `OpenAI-Beta: realtime=v1` or sub-protocol
// `openai-beta.realtime-v1`.
DialectKind choose_dialect(const net::HttpRequest& request);
std::unique_ptr<protocol::Dialect> make_dialect(DialectKind kind);

// The sub-protocol to select: `realtime` when offered, else the first one that carries no secret or
// setting of its own; empty when none is left. A client that offered some fails without an answer.
std::string choose_subprotocol(const net::HttpRequest& request);

}  // namespace parley::server
