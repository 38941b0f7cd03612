// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "protocol/json/flavour.h"
#include "protocol/server_event.h"

namespace parley::protocol::json {

// Appends the event as one JSON object. Returns false, appending nothing, when the flavour has no
// such event. Allocates only as `out` grows.
bool write_server_event(const ServerEvent& event, Flavour flavour, std::string& out);

}  // namespace parley::protocol::json
