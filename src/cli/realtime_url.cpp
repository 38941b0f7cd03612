// SPDX-License-Identifier: MIT
#include "cli/realtime_url.h"

#include <string_view>

namespace parley::cli {

namespace {

// RFC 3986 §2.3: unreserved characters stand for themselves.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4u];
    out += kHex[byte & 15u];
  }
  return out;
}

}  // namespace

base::Result<std::string> realtime_url(const std::string& given, const std::string& model) {
  const auto scheme_end = given.find("://");
  const std::string scheme = given.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
  std::string url;
  if (scheme == "ws" || scheme == "http") {
    url = "ws";
  } else if (scheme == "wss" || scheme == "https") {
    url = "wss";
  } else {
    return base::fail("invalid_url", "not a ws:// or wss:// URL: " + given);
  }
  std::string rest = given.substr(scheme_end);
  const auto path = rest.find_first_of("/?", 3);
  if (path == std::string::npos) {
    rest += "/v1/realtime";
  } else if (rest[path] == '?') {
    rest.insert(path, "/v1/realtime");
  } else if (rest.size() == path + 1 || rest[path + 1] == '?') {
    rest.insert(path + 1, "v1/realtime");
  }
  url += rest;
  if (!model.empty()) {
    url += (url.find('?') == std::string::npos ? "?model=" : "&model=") + percent_encoded(model);
  }
  return url;
}

}  // namespace parley::cli
