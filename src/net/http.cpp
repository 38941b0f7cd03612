// SPDX-License-Identifier: MIT
#include "net/http.h"

#include <algorithm>

#include "net/detail/http_text.h"

namespace parley::net {

namespace {

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (detail::equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::optional<std::string> HttpRequest::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> HttpRequest::subprotocols() const {
  std::vector<std::string> found;
  // The header may come several times; the lists then count as one (RFC 6455 §4.1).
  for (const auto& [key, value] : headers) {
    if (!detail::equals_ignoring_case(key, "Sec-WebSocket-Protocol")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      if (const auto word = trimmed(part); !word.empty()) found.emplace_back(word);
    }
  }
  return found;
}

}  // namespace parley::net
