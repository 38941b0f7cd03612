// SPDX-License-Identifier: MIT
#include "relay/backpressure.h"

#include <utility>

namespace parley::relay {

// A thirty-second part between the marks: one that takes sound as fast as it is played, 11 kB/s
// at the least, makes room for so much of the default limit in 12 s.
Backpressure::Backpressure(net::EventLoop& loop, BackpressureLimits limits,
                           std::function<void()> on_stuck)
    : loop_(loop),
      high_(limits.queue_bytes_max / 8),
      low_(high_ - high_ / 32),
      patience_(limits.patience),
      on_stuck_(std::move(on_stuck)),
      timer_(loop) {}

void Backpressure::adjust(const net::WebSocket& sink, net::WebSocket* source) {
  if (source == nullptr) return;
  const std::size_t waiting = sink.queued_bytes();
  if (!holding_ && waiting > high_) {
    holding_ = true;
    source->pause();
    timer_.arm(loop_.now() + patience_, [this] {
      const auto on_stuck = on_stuck_;
      on_stuck();
    });
  } else if (holding_ && waiting <= low_) {
    holding_ = false;
    source->resume();
    timer_.disarm();
  }
}

void Backpressure::stop() { timer_.disarm(); }

}  // namespace parley::relay
