// SPDX-License-Identifier: MIT
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "net/detail/stream.h"
#include "net/websocket.h"

namespace parley::net::detail {

namespace beast = boost::beast;

struct WebSocketLimits {
  std::size_t message_bytes_max = 0;
  base::Duration handshake_timeout{};  // zero: none
  base::Duration idle_timeout{};       // a silent peer is pinged at half of it, given up after it
  base::Duration patience{};  // given up after this instead, while it has something to take in
};

// One WebSocket over Beast, either role. Pending operations keep it alive; everything on one loop.
//
//   open ──close()──► closing ──close frames exchanged, or 2 s──► closed
//     └────────── peer closes, breaks a rule, or the wire breaks ───┘
class WebSocketConnection final : public WebSocket,
                                  private LoopMember,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  // permessage-deflate is compiled out: audio does not compress, and its windows cost 64 KB or
  // more.
  using Wire = beast::websocket::stream<Stream, false>;

  WebSocketConnection(EventLoop& loop, Stream stream, const WebSocketLimits& limits);
  ~WebSocketConnection() override;
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;

  Wire& wire() { return wire_; }  // for the opening handshake

  void start(Handlers handlers) override;
  void send_text(std::string frame) override { send({std::move(frame), true}); }
  void send_binary(std::string frame) override { send({std::move(frame), false}); }
  void close(CloseCode code, std::string reason) override;
  std::size_t queued_bytes() const override { return queued_bytes_; }
  void pause() override;
  void resume() override;
  EventLoop& loop() override { return loop_; }

 private:
  enum class State { open, closing, closed };
  struct Frame {
    std::string data;
    bool is_text;
  };
  struct Outcome {
    int code;
    std::string reason;
  };

  void abandon() override;
  void send(Frame frame);
  void read();
  void on_read(error_code error);
  void take_read();
  void on_read_error(error_code error);
  void deliver();
  void write_next();
  void on_written(error_code error);
  void send_close_frame();
  void give_up_in(base::Duration delay);
  void heard();
  void watch();
  void ping();
  void finish(Outcome outcome);
  void report(const Outcome& outcome);

  EventLoop& loop_;
  Wire wire_;
  const base::Duration idle_timeout_;
  const base::Duration patience_;
  Timer closing_timer_;
  // Beast's own watch cannot tell a peer that is gone from one whose pong waits behind the sound
  // that it has yet to take in.
  Timer idle_timer_;
  base::Instant heard_at_;
  bool sent_since_heard_ = false;
  bool pinged_ = false;   // since it was heard
  bool pinging_ = false;  // a ping is on its way into the kernel
  Handlers handlers_;
  beast::flat_buffer message_;
  std::deque<Frame> queue_;  // the front is being written
  std::size_t queued_bytes_ = 0;
  Outcome outcome_{1006, {}};  // of closing, while it goes on; then what on_closed is told
  State state_ = State::open;
  bool started_ = false;
  bool listed_ = false;  // among the loop's members
  bool reading_ = false;
  bool paused_ = false;
  bool held_ = false;  // what was read last waits for resume()
  bool writing_ = false;
  bool close_frame_begun_ = false;
};

}  // namespace parley::net::detail
