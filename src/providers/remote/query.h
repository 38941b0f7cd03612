// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace parley::providers::remote {

// RFC 3986 §2.1; only unreserved characters stay.
std::string percent_encoded(std::string_view text);
// "?a=1&b=x%20y"; empty for no parameters.
std::string query_text(const net::HeaderList& parameters);
// The address of the same server for a WebSocket: "https://…" becomes "wss://…".
std::string socket_url(std::string_view base_url);

}  // namespace parley::providers::remote
