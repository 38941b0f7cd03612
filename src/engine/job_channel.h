// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "engine/ports.h"

namespace parley::engine {

// Carries a job's events from any thread to its session's loop, and guarantees that none arrives
// after close(). The job owns the channel (shared_ptr) and closes it in its destructor; workers
// hold a copy and may ask closed() to stop early.
//
//   auto channel = std::make_shared<JobChannel<TtsEvent>>(loop, std::move(sink));
//   pool.post([channel] { channel->emit(TtsDone{}); });
template <class Event>
class JobChannel : public std::enable_shared_from_this<JobChannel<Event>> {
 public:
  JobChannel(base::Executor& loop, Sink<Event> sink) : loop_(loop), sink_(std::move(sink)) {}

  // Any thread.
  void emit(Event event) {
    if (closed()) return;
    loop_.post([self = this->shared_from_this(), event = std::move(event)]() mutable {
      // On the loop, where close() also runs: no race between the check and the call.
      if (!self->closed()) self->sink_(std::move(event));
    });
  }

  // The session's loop only.
  void close() { closed_.store(true, std::memory_order_release); }

  // Any thread.
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  base::Executor& loop() { return loop_; }

 private:
  base::Executor& loop_;
  const Sink<Event> sink_;
  std::atomic<bool> closed_{false};
};

}  // namespace parley::engine
