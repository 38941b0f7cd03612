// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/event_loop.h"
#include "transport/live_session.h"

namespace parley::server {

// The sessions that run, so that they can be counted, limited and closed together. Each loop keeps
// its own; only the count crosses threads.
class Sessions {
 public:
  Sessions(net::LoopPool& pool, int max);

  // Takes one of the places, which is given back when the last copy goes; null: all are taken. Any
  // thread.
  std::shared_ptr<void> take_place();
  bool full() const { return count_ >= max_; }  // about: others may be taking the last place
  int count() const { return count_; }

  // On the session's loop.
  void add(net::EventLoop& loop, std::uint64_t id, std::weak_ptr<transport::LiveSession> session);
  void remove(net::EventLoop& loop, std::uint64_t id);
  std::uint64_t next_id() { return ++last_id_; }

  // Asks every session to close with 1001. Any thread; the closing goes on by itself.
  void close_all();

 private:
  struct PerLoop {
    net::EventLoop* loop = nullptr;
    std::unordered_map<std::uint64_t, std::weak_ptr<transport::LiveSession>> sessions;
  };
  PerLoop& of(net::EventLoop& loop);

  const int max_;
  std::vector<PerLoop> loops_;
  std::atomic<int> count_{0};
  std::atomic<std::uint64_t> last_id_{0};
};

}  // namespace parley::server
