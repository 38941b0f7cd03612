// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>

#include "base/time.h"
#include "net/event_loop.h"
#include "net/websocket.h"

namespace parley::relay {

struct BackpressureLimits {
  std::size_t queue_bytes_max = 32U << 20U;  // more than an eighth of it holds the source back
  // How long a source is held back at a time. Pings are not answered meanwhile, so it is shorter
  // than what peers wait for their pongs.
  base::Duration patience = std::chrono::seconds(25);
};

// One direction of a relay: holds the source back while the sink takes too slowly, so that what
// waits between them stays small. One loop; the sockets are the caller's.
//
//   passing ──more than an eighth of the limit waits──► holding ──a little less waits──► passing
//                                                          └──patience is over──► on_stuck, once
class Backpressure {
 public:
  // `on_stuck` may destroy this object.
  Backpressure(net::EventLoop& loop, BackpressureLimits limits, std::function<void()> on_stuck);

  // After each message that was given to the sink, and each that it took. A source that is not
  // there yet is null.
  void adjust(const net::WebSocket& sink, net::WebSocket* source);
  bool holding() const { return holding_; }
  // Nothing more comes of it.
  void stop();

 private:
  net::EventLoop& loop_;
  const std::size_t high_;
  const std::size_t low_;
  const base::Duration patience_;
  const std::function<void()> on_stuck_;
  net::Timer timer_;
  bool holding_ = false;
};

}  // namespace parley::relay
