// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/json/flavour.h"
#include "protocol/json/writer.h"
#include "protocol/server_event.h"

namespace parley::protocol::json {

// The `response` object of `response.created` and `response.done`, with every field that strict
// clients need (tests/spec/presence.json).
void write_response(const Response& response, Flavour flavour, Writer& w);

}  // namespace parley::protocol::json
