// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>

#include "net/detail/asio.h"
#include "net/detail/tls.h"
#include "net/server.h"

namespace parley::net::detail {

// What all connections of a server share. They may outlive the Server object.
struct ServerContext {
  ServerHandler& handler;
  ServerOptions options;
  TlsContext tls;  // null: plain only
  std::atomic<bool> stopping = false;
};

// Serves one accepted connection: TLS or not, then one request after the other until the peer or an
// error ends it or a request turns it into a WebSocket. Keeps itself alive. Call on `loop`.
void serve_http(EventLoop& loop, Socket socket, std::shared_ptr<const ServerContext> server);

}  // namespace parley::net::detail
