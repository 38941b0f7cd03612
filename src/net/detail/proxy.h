// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/detail/url.h"

namespace parley::net::detail {

// An HTTP proxy that is asked for a tunnel (CONNECT, RFC 9110 §9.3.6).
struct Proxy {
  std::string host;
  std::string port;
  std::string authorization;  // "Basic …"; empty: none
};

// Reads a variable; null when it is not set.
using Environment = std::function<const char*(const char* name)>;

// Which proxy the environment names for a URL, by the rules that curl keeps for requests:
// https_proxy or HTTPS_PROXY for wss, http_proxy for ws (never HTTP_PROXY, which a CGI client could
// set), all_proxy or ALL_PROXY else, and none for what NO_PROXY lists (names with their subdomains,
// addresses, "*"). Hosts on this machine are always reached directly. Errors: code "invalid_url",
// for a proxy that is not given as http://.
base::Result<std::optional<Proxy>> proxy_for(const WebSocketUrl& url, const Environment& read);

// What to send to the proxy, up to the empty line.
std::string connect_request(const Proxy& proxy, const WebSocketUrl& url);
// The status in a proxy's answer; 0: not an HTTP answer.
int connect_status(const std::string& head);

}  // namespace parley::net::detail
