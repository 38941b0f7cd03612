// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/detail/stream.h"
#include "net/detail/websocket_connection.h"

namespace parley::net::detail {

struct ClientHandshake {
  std::string authority;  // for the Host header
  std::string target;
  HeaderList headers;
  std::vector<std::string> subprotocols;
};

// The client's opening handshake over a connected stream (RFC 6455 §4.1). `done` is called once, on
// the loop. Errors: "upgrade_refused", "connect_failed".
void shake_hands(EventLoop& loop, Stream stream, const WebSocketLimits& limits,
                 ClientHandshake request,
                 std::function<void(tl::expected<std::shared_ptr<WebSocket>, ConnectError>)> done);

}  // namespace parley::net::detail
