// SPDX-License-Identifier: MIT
#include "server/sessions.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::server {

Sessions::Sessions(net::LoopPool& pool, int max) : max_(max) {
  for (int i = 0; i < pool.size(); ++i) loops_.push_back({&pool.at(i), {}});
}

std::shared_ptr<void> Sessions::take_place() {
  std::shared_ptr<void> place(this, [this](void*) { --count_; });
  // Counted first, asked then: of two that come at once, one at most gets the last place.
  return ++count_ <= max_ ? place : nullptr;
}

Sessions::PerLoop& Sessions::of(net::EventLoop& loop) {
  const auto found = std::find_if(loops_.begin(), loops_.end(),
                                  [&loop](const PerLoop& entry) { return entry.loop == &loop; });
  PARLEY_ASSERT(found != loops_.end());
  return *found;
}

void Sessions::add(net::EventLoop& loop, std::uint64_t id,
                   std::weak_ptr<transport::LiveSession> session) {
  of(loop).sessions.emplace(id, std::move(session));
}

void Sessions::remove(net::EventLoop& loop, std::uint64_t id) { of(loop).sessions.erase(id); }

void Sessions::close_all() {
  for (auto& entry : loops_) {
    entry.loop->post([&entry] {
      for (auto& [id, weak] : entry.sessions) {
        if (const auto session = weak.lock()) {
          session->close(net::CloseCode::going_away, "the server is shutting down");
        }
      }
    });
  }
}

}  // namespace parley::server
