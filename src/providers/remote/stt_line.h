// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/websocket.h"
#include "providers/remote/stt_socket.h"

namespace parley::providers::remote {

// An open connection to a recogniser whose listener may change: none while it waits as a spare.
// Lives on its loop.
class SttLine : public std::enable_shared_from_this<SttLine> {
 public:
  struct Listener {
    std::function<void(std::string_view message, bool binary)> on_message;
    std::function<void(int code, std::string_view reason)> on_closed;
  };

  static std::shared_ptr<SttLine> over(std::shared_ptr<net::WebSocket> socket);
  ~SttLine() { hang_up(); }
  SttLine(const SttLine&) = delete;
  SttLine& operator=(const SttLine&) = delete;

  // What came before is lost: a provider that greets its client can have no spares.
  void listen(Listener listener) { listener_ = std::move(listener); }
  void send(SttFrame frame);
  // No handler is called any more. Idempotent.
  void hang_up();
  bool open() const { return socket_ != nullptr; }
  std::size_t queued_bytes() const { return socket_ ? socket_->queued_bytes() : 0; }

 private:
  explicit SttLine(std::shared_ptr<net::WebSocket> socket) : socket_(std::move(socket)) {}

  std::shared_ptr<net::WebSocket> socket_;  // null: closed
  Listener listener_;
};

// What connect_websocket() needs for a plan; at most 10 s.
net::WebSocketClientOptions stt_socket_options(const SttPlan& plan);

// Lines opened ahead of need, one per loop and URL. A line belongs to its loop, which keeps it
// alive with the provider's keep-alive message for kAgeMax, and closes it within kKeepAlive of the
// end of this object. Any thread.
class SttSpares : public std::enable_shared_from_this<SttSpares> {
 public:
  static constexpr base::Duration kKeepAlive = std::chrono::seconds(4);
  static constexpr base::Duration kAgeMax = std::chrono::seconds(60);

  // On the loop. Null: none is ready.
  std::shared_ptr<SttLine> take(net::EventLoop& loop, const std::string& url);
  void open(net::EventLoop& loop, const SttPlan& plan, const SttFrame& keep_alive);

 private:
  struct Spare;
  using Place = std::pair<net::EventLoop*, std::string>;

  static void keep(net::EventLoop& loop, const std::shared_ptr<Spare>& spare);

  std::mutex mutex_;
  std::map<Place, std::weak_ptr<Spare>> spares_;  // strong references are the loops'
};

}  // namespace parley::providers::remote
