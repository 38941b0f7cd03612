// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compat/telephony/media_order.h"
#include "compat/telephony/media_wire.h"
#include "compat/telephony/playout.h"
#include "driver/session_driver.h"
#include "engine/ports.h"
#include "net/event_loop.h"
#include "net/websocket.h"
#include "session/session.h"
#include "transport/live_session.h"

namespace parley::compat {

struct MediaStreamSetup {
  Carrier carrier = Carrier::twilio;
  session::Options session;  // its formats are the stream's
  engine::EngineSet engines;
  bool greet = true;  // the assistant speaks first
  // Whether the caller's stream may begin: carriers do not pass query strings on, so a token comes
  // as the parameter `token`. Empty: it was admitted at the door.
  std::function<bool(const std::string& token)> admit;
  std::size_t send_queue_bytes_max = 32u << 20u;
  std::function<void(std::string_view detail)> on_closed;  // once; empty, or why it ended early
};

// A telephone call: a carrier's media stream over one WebSocket, on the same core as every session.
//
// The stream's parameters may set `instructions`, `voice`, `language` and `greeting` ("false").
// Marks tell what was heard; speech over the answer clears the carrier's buffer and truncates the
// item there. Sound is put into the order of its timestamps (MediaOrder). Keys that the caller
// presses become a message once `#` or a pause of 1.5 s follows. Messages that make no sense change
// nothing: Telnyx is told with an `error` of its shape, Twilio knows none. Only a format that is
// not spoken here ends the call. Lives on the socket's loop; keeps itself alive until the
// connection is closed.
class MediaStreamSession final : public transport::LiveSession,
                                 public std::enable_shared_from_this<MediaStreamSession>,
                                 private driver::SessionClient {
 public:
  static std::shared_ptr<MediaStreamSession> start(std::shared_ptr<net::WebSocket> socket,
                                                   MediaStreamSetup setup);
  ~MediaStreamSession() override;

  void close(net::CloseCode code, std::string reason) override;

 private:
  MediaStreamSession(std::shared_ptr<net::WebSocket> socket, MediaStreamSetup setup);

  void on_text(std::string_view frame);
  void reject(StreamFault fault, std::string_view why);
  void begin_call(StreamStart& start);
  void on_media(StreamMedia& media);
  void on_digit(char digit);
  void say_digits();
  void on_event(const protocol::ServerEvent& event) override;
  void on_end(int code, std::string reason, std::string_view detail) override;
  void on_closed();
  void on_sound(const protocol::AudioDelta& delta);
  void stop_playing();
  void say(protocol::ClientEventBody body);
  void soon(std::function<void()> task);  // outside of the driver's call
  void send(std::string frame);

  std::shared_ptr<net::WebSocket> socket_;
  MediaStreamSetup setup_;
  std::unique_ptr<driver::SessionDriver> driver_;  // from the stream's start on
  base::AudioFormat format_;
  std::string stream_id_;
  MediaOrder order_;
  std::vector<std::uint8_t> sound_;  // in order, reused
  Playout playout_;
  std::string item_id_;  // whose sound goes out
  std::int64_t item_bytes_ = 0;
  std::string digits_;
  net::Timer digits_timer_;
  bool answering_ = false;
  bool closing_ = false;
  std::string detail_;
};

}  // namespace parley::compat
