// SPDX-License-Identifier: MIT
#include "net/detail/url.h"

#include <algorithm>
#include <charconv>

#include "net/detail/http_text.h"

namespace parley::net::detail {

namespace {

tl::unexpected<base::Error> invalid(std::string_view url, std::string_view why) {
  return base::fail("invalid_url", "'" + std::string(url) + "': " + std::string(why), "url");
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

}  // namespace

base::Result<WebSocketUrl> parse_websocket_url(std::string_view url) {
  // A space or control character would end up in the request line.
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c == '\x7f'; })) {
    return invalid(url, "must not hold spaces, line breaks or characters beyond ASCII");
  }
  WebSocketUrl parsed;
  const auto scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos ||
      (!equals_ignoring_case(scheme, "ws") && !equals_ignoring_case(scheme, "wss"))) {
    return invalid(url, "must begin with ws:// or wss://");
  }
  parsed.secure = scheme.size() == 3;
  std::string_view rest = url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));

  const auto path = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, path);
  const std::string_view target = path == std::string_view::npos ? "" : rest.substr(path);
  parsed.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  if (authority.find('@') != std::string_view::npos) {
    return invalid(url, "must not hold a user name; send credentials in a header");
  }

  std::string_view host = authority;
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) return invalid(url, "lacks the closing ']'");
    host = authority.substr(1, bracket - 1);
    const std::string_view after = authority.substr(bracket + 1);
    if (!after.empty() && after[0] != ':') return invalid(url, "has text after the ']'");
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return invalid(url, "names no host");
  if (has_port && !is_port(port)) return invalid(url, "has no valid port (1 to 65535)");

  const std::string_view own_port = parsed.secure ? "443" : "80";
  parsed.host = host;
  parsed.port = has_port ? port : own_port;
  parsed.authority = authority.starts_with('[') ? "[" + parsed.host + "]" : parsed.host;
  if (parsed.port != own_port) parsed.authority += ":" + parsed.port;
  return parsed;
}

}  // namespace parley::net::detail
