// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/websocket.h"

namespace parley::net {

// What to do with a request to upgrade.
struct UpgradeDecision {
  bool accept = false;
  std::string subprotocol;  // selected; empty: none
  HttpResponse refusal;     // when not accepted
};

// Answers one request, now or later, whole or in pieces. Lives on the connection's loop, and keeps
// the connection; once the client has gone it does nothing. Dropping the last reference before the
// answer is whole answers 500, or breaks the connection when the answer had begun.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  // The whole answer.
  virtual void respond(HttpResponse response) = 0;
  // An answer of unknown length (chunked): the head (its body is sent first), pieces, the end.
  virtual void begin(HttpResponse head) = 0;
  virtual void write(std::string piece) = 0;
  virtual void finish() = 0;
  // Breaks the connection, so that the client sees that the answer is not whole.
  virtual void abort() = 0;
  // Called once if the client goes away before the answer was whole; never from inside this call.
  virtual void on_closed(std::function<void()> handler) = 0;
  virtual std::size_t queued_bytes() const = 0;  // not yet taken by the kernel
};

// The program above the server. Called on the connection's loop; must not block. One object serves
// all loops, so it must be safe to call from several threads.
class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  virtual void on_request(EventLoop& loop, HttpRequest request,
                          std::shared_ptr<HttpResponder> responder) = 0;
  virtual UpgradeDecision on_upgrade(EventLoop& loop, const HttpRequest& request) = 0;
  virtual void on_websocket(EventLoop& loop, const HttpRequest& request,
                            std::shared_ptr<WebSocket> socket) = 0;
};

struct TlsOptions {
  std::string certificate_file;  // PEM chain; empty: no TLS
  std::string key_file;          // PEM
  // The same port also answers plain ws:// and http:// (told apart by the first byte). For local
  // use.
  bool allow_plain = false;
};

struct ServerOptions {
  // "127.0.0.1:7866", "[::1]:7866", "0.0.0.0:0" (0: any free port). "localhost" is 127.0.0.1, and
  // "[::]" is IPv6 only.
  std::vector<std::string> listen;
  TlsOptions tls;
  std::size_t message_bytes_max = 24u << 20u;  // WebSocket message; more closes with 1009
  std::size_t body_bytes_max = 25u << 20u;     // HTTP body; more is answered 413
  std::size_t header_bytes_max = 16u << 10u;   // more is answered 431
  base::Duration idle_timeout = std::chrono::seconds(30);  // HTTP request, TLS and WS handshake
  // A WebSocket peer that is silent for half of this is pinged, and given up (1006) after it, or
  // after five times as long when it was sent something meanwhile: its pong may wait behind that.
  base::Duration websocket_idle_timeout = std::chrono::seconds(60);
};

// HTTP/1.1 and WebSocket server over all loops of a pool: every loop has its own listening socket
// on every address (SO_REUSEPORT), and a connection stays on the loop that accepted it.
class Server {
 public:
  // Binds and starts to accept; the pool may be started before or after. `handler` and `pool` must
  // outlive the server, and `handler` its connections: it is called until the pool has stopped.
  // Errors: "listen_failed", "invalid_address", "tls_failed".
  static base::Result<std::unique_ptr<Server>> create(LoopPool& pool, ServerHandler& handler,
                                                      ServerOptions options);
  ~Server();

  std::vector<std::string> addresses() const;  // as bound, with real ports
  // Stops accepting. Open connections go on until their owners close them.
  void stop_accepting();  // any thread, returns when done

  struct Impl;  // net/ only

 private:
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
