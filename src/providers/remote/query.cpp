// SPDX-License-Identifier: MIT
#include "providers/remote/query.h"

#include <cctype>

namespace parley::providers::remote {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4u], kHex[byte & 15u]};
    }
  }
  return out;
}

std::string query_text(const net::HeaderList& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += out.empty() ? '?' : '&';
    out += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return out;
}

std::string socket_url(std::string_view base_url) {
  constexpr std::string_view kHttp = "http";
  if (base_url.starts_with(kHttp)) base_url.remove_prefix(kHttp.size());
  return "ws" + std::string(base_url);
}

}  // namespace parley::providers::remote
