// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::net::detail {

// A WebSocket URL, taken apart (RFC 6455 §3).
struct WebSocketUrl {
  bool secure = false;
  std::string host;       // without the brackets of an IPv6 address
  std::string port;       // digits; the scheme's own when not given
  std::string authority;  // for the Host header: brackets kept, the scheme's own port left out
  std::string target;     // path and query, at least "/"
};

// Errors: code "invalid_url", the message says what is wrong with it.
base::Result<WebSocketUrl> parse_websocket_url(std::string_view url);

}  // namespace parley::net::detail
