// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "driver/session_driver.h"
#include "engine/ports.h"
#include "net/websocket.h"
#include "protocol/dialect/dialect.h"
#include "session/session.h"
#include "transport/live_session.h"

namespace parley::transport {

struct SessionSetup {
  std::unique_ptr<protocol::Dialect> dialect;
  session::Options session;
  engine::EngineSet engines;
  // A client that lets more than this wait unread is closed with 1008.
  std::size_t send_queue_bytes_max = 32u << 20u;
  // Once, on the loop, when the connection is gone and the session with it. `detail` is empty, or
  // why the session ended early (for the log, never for the client).
  std::function<void(std::string_view detail)> on_closed;
};

// One session over one WebSocket: pumps text frames through the dialect into the session's driver
// and its events back out, and owns backpressure. Lives on the socket's loop; keeps itself alive
// until the connection is closed.
class WebSocketSession final : public LiveSession, private driver::SessionClient {
 public:
  static std::shared_ptr<WebSocketSession> start(std::shared_ptr<net::WebSocket> socket,
                                                 SessionSetup setup);
  ~WebSocketSession() override;

  void close(net::CloseCode code, std::string reason) override;

 private:
  WebSocketSession(std::shared_ptr<net::WebSocket> socket, SessionSetup setup);

  void on_text(std::string_view frame);
  void on_append(std::string_view base64, std::string event_id);
  void on_binary();
  void on_closed();
  void reject_frame(base::Error fault, std::string event_id);
  void on_event(const protocol::ServerEvent& event) override;
  void on_end(int code, std::string reason, std::string_view detail) override;

  std::shared_ptr<net::WebSocket> socket_;
  SessionSetup setup_;
  std::unique_ptr<driver::SessionDriver> driver_;
  std::vector<std::uint8_t> audio_;  // decoded append, reused
  std::string detail_;
  bool closing_ = false;
};

}  // namespace parley::transport
