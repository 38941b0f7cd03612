// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http.h"

namespace parley::net {

// Close codes that Parley uses (RFC 6455 §7.4, and the Realtime API's own).
enum class CloseCode : int {
  normal = 1000,
  going_away = 1001,
  policy_violation = 1008,
  too_big = 1009,
  internal_error = 1011,
  try_again_later = 1013,
  invalid_api_key = 3000,
  invalid_request = 4000,
};

// One open WebSocket connection, either side (RFC 6455). Lives on one loop. Pings are answered at
// once; text must be UTF-8 (else 1007); frames above the limit close with 1009.
class WebSocket {
 public:
  struct Handlers {
    std::function<void(std::string_view)> on_text;    // borrowed until it returns
    std::function<void(std::string_view)> on_binary;  // borrowed until it returns
    // After each message that the kernel took whole: queued_bytes() is less than it was.
    std::function<void()> on_sent = {};
    // Once, last: the peer's code (1006 when the connection just broke, 1005 when it closed without
    // a code), or ours. No other handler is called once close() was.
    // Stopping the loop for good just drops the handlers.
    std::function<void(int code, std::string_view reason)> on_closed;
  };

  virtual ~WebSocket() = default;
  // Begins reading. Handlers may call send and close, and may drop their last reference.
  virtual void start(Handlers handlers) = 0;
  virtual void send_text(std::string frame) = 0;  // queued and sent in order
  virtual void send_binary(std::string frame) = 0;
  // Sends what is queued, then the close frame; on_closed follows, at the latest 2 s later when the
  // peer does not answer. Idempotent.
  virtual void close(CloseCode code, std::string reason) = 0;
  virtual std::size_t queued_bytes() const = 0;  // not yet taken by the kernel
  // Holds the peer back: no message is handed out, and at most a piece of one is read, until
  // resume(). A pause must be shorter than the time after which a silent peer is given up (60 s for
  // clients): its pongs are not read either. Both are idempotent.
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual EventLoop& loop() = 0;
};

struct ClientTls {
  bool verify = true;
  std::string ca_file;  // extra trusted certificates (PEM); empty: the system's only
};

struct WebSocketClientOptions {
  std::string url;  // ws:// or wss://
  HeaderList headers;
  std::vector<std::string> subprotocols;
  ClientTls tls;
  base::Duration timeout = std::chrono::seconds(10);  // for the whole handshake
  std::size_t message_bytes_max = 32u << 20u;
};

// Why there is no connection: code "invalid_url", "resolve_failed", "connect_failed", "tls_failed",
// "upgrade_refused" or "timeout".
struct ConnectError : base::Error {
  // The answer of a server that refused the upgrade (the message quotes it, too); 0: none came.
  int status = 0;
  HeaderList headers = {};
  std::string body = {};  // its first 64 KiB
};

// A connection that is being made.
class ConnectAttempt {
 public:
  virtual ~ConnectAttempt() = default;
  // Closes what there is of the connection before it returns; `done` is not called any more. On the
  // loop.
  virtual void cancel() = 0;
};

// Connects on `loop`, through the proxy that HTTPS_PROXY and its like name unless the host is this
// machine or in NO_PROXY; `done` is called on it once, never from inside this call, with an open
// connection whose start() was not yet called, or with an error. What is returned lasts until
// then.
std::weak_ptr<ConnectAttempt> connect_websocket(
    EventLoop& loop, WebSocketClientOptions options,
    std::function<void(tl::expected<std::shared_ptr<WebSocket>, ConnectError>)> done);

}  // namespace parley::net
