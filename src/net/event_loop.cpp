// SPDX-License-Identifier: MIT
#include "net/event_loop.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/detail/asio.h"

namespace parley::net {

namespace {

thread_local EventLoop* current_loop = nullptr;

// Marks the calling thread as the loop's own.
class OnLoop {
 public:
  explicit OnLoop(EventLoop& loop) : previous_(std::exchange(current_loop, &loop)) {}
  ~OnLoop() { current_loop = previous_; }
  OnLoop(const OnLoop&) = delete;
  OnLoop& operator=(const OnLoop&) = delete;

 private:
  EventLoop* previous_;
};

detail::SteadyClock::time_point to_time_point(base::Instant at) {
  return detail::SteadyClock::time_point(
      std::chrono::duration_cast<detail::SteadyClock::duration>(at.since_epoch));
}

}  // namespace

void EventLoop::Impl::abandon() {
  const OnLoop scope(loop);
  // One by one: abandoning a member may destroy others, which then leave the set.
  while (!members.empty()) {
    auto first = members.begin();
    detail::LoopMember* const member = *first;
    members.erase(first);
    member->abandon();
  }
  context.shutdown();
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>(*this)) {}

EventLoop::~EventLoop() { impl_->abandon(); }

void EventLoop::post(std::function<void()> task) {
  boost::asio::post(impl_->executor(), std::move(task));
}

void EventLoop::post_after(base::Duration delay, std::function<void()> task) {
  auto timer = std::make_unique<detail::SteadyTimer>(impl_->executor(), delay);
  detail::SteadyTimer& waiting = *timer;
  waiting.async_wait([timer = std::move(timer), task = std::move(task)](detail::error_code error) {
    if (!error) task();
  });
}

void EventLoop::run() {
  const OnLoop scope(*this);
  struct Running {
    std::atomic<bool>& flag;
    explicit Running(std::atomic<bool>& f) : flag(f) { flag = true; }
    ~Running() { flag = false; }
  };
  const Running running(impl_->running);
  impl_->context.run();
  // Not before run(): a stop() that comes early must not be lost.
  impl_->context.restart();
}

void EventLoop::stop() { impl_->context.stop(); }

bool EventLoop::in_loop() const { return current_loop == this; }

// Outlives its Timer while a wait is pending. Arming for a later instant, as sessions do with every
// frame, leaves the pending wait alone; it goes on waiting when it wakes up too early.
struct Timer::Impl : std::enable_shared_from_this<Timer::Impl> {
  explicit Impl(EventLoop& owner) : loop(owner), timer(owner.impl().executor()) {}

  void wait() {
    waiting_until = deadline;
    const std::uint64_t id = ++wait_id;
    timer.expires_at(to_time_point(deadline));
    timer.async_wait([self = shared_from_this(), id](detail::error_code) { self->wake(id); });
  }

  void wake(std::uint64_t id) {
    if (id != wait_id) return;
    waiting_until.reset();
    if (!task) return;
    if (base::monotonic_now() < deadline) return wait();
    std::exchange(task, nullptr)();
  }

  EventLoop& loop;
  detail::SteadyTimer timer;
  std::function<void()> task;  // empty: disarmed
  base::Instant deadline;
  std::optional<base::Instant> waiting_until;
  std::uint64_t wait_id = 0;
};

Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}

Timer::~Timer() {
  std::exchange(impl_->task, nullptr);
  ++impl_->wait_id;
  impl_->timer.cancel();
}

void Timer::arm(base::Instant at, std::function<void()> task) {
  PARLEY_ASSERT(impl_->loop.impl().may_touch());
  const auto replaced = std::exchange(impl_->task, std::move(task));
  impl_->deadline = at;
  if (!impl_->waiting_until || at < *impl_->waiting_until) impl_->wait();
}

void Timer::disarm() {
  PARLEY_ASSERT(impl_->loop.impl().may_touch());
  const auto dropped = std::exchange(impl_->task, nullptr);
}

struct LoopPool::Impl {
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::vector<std::thread> threads;
  bool stopped = false;
};

LoopPool::LoopPool(int count) : impl_(std::make_unique<Impl>()) {
  PARLEY_ASSERT(count > 0);
  for (int i = 0; i < count; ++i) impl_->loops.push_back(std::make_unique<EventLoop>());
}

LoopPool::~LoopPool() { stop_and_join(); }

void LoopPool::start() {
  PARLEY_ASSERT(impl_->threads.empty() && !impl_->stopped);
  for (int i = 0; i < size(); ++i) {
    impl_->threads.emplace_back([&loop = at(i), i] {
      pthread_setname_np(pthread_self(), ("parley-loop-" + std::to_string(i)).c_str());
      loop.run();
      // Here, so that what belongs to a loop is also destroyed on its thread.
      loop.impl().abandon();
    });
  }
}

void LoopPool::stop_and_join() {
  for (auto& loop : impl_->loops) loop->stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->stopped = impl_->stopped || !impl_->threads.empty();
  impl_->threads.clear();
}

int LoopPool::size() const { return static_cast<int>(impl_->loops.size()); }

EventLoop& LoopPool::at(int index) { return *impl_->loops.at(static_cast<std::size_t>(index)); }

}  // namespace parley::net
