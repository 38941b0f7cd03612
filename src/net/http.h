// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::net {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as sent: "/v1/realtime?model=x"
  std::string path;    // percent-decoded, without the query
  HeaderList query;    // percent-decoded, in order
  HeaderList headers;  // names as sent
  std::string body;
  std::string remote_address;  // "127.0.0.1:53122"
  bool secure = false;         // arrived over TLS

  // The first value; names compare without case. Empty when absent.
  std::string_view header(std::string_view name) const;
  std::optional<std::string> query_value(std::string_view name) const;  // names compare exactly
  // The comma-separated Sec-WebSocket-Protocol values, trimmed, in order.
  std::vector<std::string> subprotocols() const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  HeaderList headers;
  std::string body;
};

}  // namespace parley::net
