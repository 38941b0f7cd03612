// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "base/executor.h"
#include "base/time.h"

namespace parley::net {

// One thread's event loop (Boost.Asio underneath, hidden). Everything that belongs to a loop is
// created, used and destroyed on it; only post() and stop() may be called from elsewhere. A task
// that throws ends the process.
class EventLoop final : public base::Executor {
 public:
  EventLoop();
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(std::function<void()> task) override;
  void post_after(base::Duration delay, std::function<void()> task) override;

  void run();   // until stop(); may be called again afterwards
  void stop();  // any thread
  bool in_loop() const;
  base::Instant now() const { return base::monotonic_now(); }

  struct Impl;  // net/ only
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// A restartable one-shot timer of one loop. Disarmed on destruction.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(base::Instant at, std::function<void()> task);  // replaces what was armed
  void disarm();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// `count` loops, each running on a thread of its own between start() and stop_and_join().
class LoopPool {
 public:
  explicit LoopPool(int count);
  ~LoopPool();
  void start();
  void stop_and_join();
  int size() const;
  EventLoop& at(int index);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
