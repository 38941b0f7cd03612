// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

// What rate `pcm16` has on its way in, for clients that declare none.
enum class InputRate : std::uint8_t {
  declared,  // the API's 24 kHz
  narrow,    // 16 kHz
  measured,  // 16 or 24 kHz, by how much arrives in the first second
};

struct SessionSetup {
  std::unique_ptr<protocol::Dialect> dialect;
  session::Options session;
  engine::EngineSet engines;
  InputRate input_rate = InputRate::declared;
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
  void use_input_rate(protocol::SessionPatch& patch) const;
  void measure(std::size_t bytes);
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
  // While the input's rate is measured: since when, and what has arrived since.
  std::optional<base::Instant> measured_since_;
  std::size_t measured_bytes_ = 0;
};

}  // namespace parley::transport
