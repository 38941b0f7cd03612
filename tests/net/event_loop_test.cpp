// SPDX-License-Identifier: MIT
#include "net/event_loop.h"

#include <doctest/doctest.h>
#include <pthread.h>

#include <array>
#include <optional>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "tests/net/harness.h"

using namespace parley;
using namespace parley::net;
using namespace parley::net::test;

namespace {

// Lets everything due by now on the loop happen.
void run_until_stopped_by(EventLoop& loop, Timer& timer, base::Instant at) {
  timer.arm(at, [&] { loop.stop(); });
  loop.run();
}

}  // namespace

TEST_CASE("tasks run in order on the loop's thread") {
  EventLoop loop;
  std::vector<int> order;
  CHECK_FALSE(loop.in_loop());
  loop.post([&] { order.push_back(1); });
  loop.post([&] {
    order.push_back(2);
    CHECK(loop.in_loop());
    loop.post([&] {
      order.push_back(4);
      loop.stop();
    });
    order.push_back(3);
  });
  loop.run();
  CHECK(order == std::vector<int>{1, 2, 3, 4});
  CHECK_FALSE(loop.in_loop());
}

TEST_CASE("a loop can run again after a stop, and an early stop is not lost") {
  EventLoop loop;
  loop.stop();
  loop.run();
  int runs = 0;
  loop.post([&] {
    ++runs;
    loop.stop();
  });
  loop.run();
  CHECK(runs == 1);
}

TEST_CASE("many threads may post at once") {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  LoopPool pool(1);
  pool.start();
  int count = 0;  // touched on the loop only
  Mailbox<int> done;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTasks; ++n) {
        pool.at(0).post([&] {
          if (++count == kThreads * kTasks) done.put(count);
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(done.take() == kThreads * kTasks);
}

TEST_CASE("post_after runs its task after the delay") {
  EventLoop loop;
  const auto begun = loop.now();
  loop.post_after(std::chrono::milliseconds(5), [&] { loop.stop(); });
  loop.run();
  CHECK(loop.now() - begun >= std::chrono::milliseconds(5));
}

TEST_CASE("a timer fires once, not before its instant") {
  EventLoop loop;
  Timer timer(loop);
  Timer end(loop);
  int fired = 0;
  const auto at = loop.now() + std::chrono::milliseconds(3);
  timer.arm(at, [&] {
    ++fired;
    CHECK(loop.now() >= at);
  });
  run_until_stopped_by(loop, end, at + std::chrono::milliseconds(3));
  CHECK(fired == 1);
}

TEST_CASE("arming again replaces the instant and the task") {
  EventLoop loop;
  Timer timer(loop);
  Timer end(loop);
  std::vector<int> fired;
  const auto now = loop.now();
  SUBCASE("for later") {
    timer.arm(now + std::chrono::milliseconds(1), [&] { fired.push_back(1); });
    timer.arm(now + std::chrono::milliseconds(4), [&] {
      fired.push_back(2);
      CHECK(loop.now() >= now + std::chrono::milliseconds(4));
    });
  }
  SUBCASE("for earlier") {
    timer.arm(now + std::chrono::hours(1), [&] { fired.push_back(1); });
    timer.arm(now + std::chrono::milliseconds(1), [&] { fired.push_back(2); });
  }
  SUBCASE("from its own task") {
    timer.arm(now, [&] { timer.arm(now, [&] { fired.push_back(2); }); });
  }
  run_until_stopped_by(loop, end, now + std::chrono::milliseconds(8));
  CHECK(fired == std::vector<int>{2});
}

TEST_CASE("a disarmed or destroyed timer stays silent, even when it was already due") {
  EventLoop loop;
  Timer end(loop);
  int fired = 0;
  const auto now = loop.now();
  std::optional<Timer> disarmed(std::in_place, loop);
  std::optional<Timer> destroyed(std::in_place, loop);
  Timer first(loop);
  // Due together: `first` runs while the others' completions are queued behind it.
  first.arm(now, [&] {
    disarmed->disarm();
    destroyed.reset();
  });
  disarmed->arm(now, [&] { ++fired; });
  destroyed->arm(now, [&] { ++fired; });
  run_until_stopped_by(loop, end, now + std::chrono::milliseconds(3));
  CHECK(fired == 0);
  disarmed->arm(now, [&] { ++fired; });
  run_until_stopped_by(loop, end, now + std::chrono::milliseconds(6));
  CHECK(fired == 1);
}

TEST_CASE("a timer may be destroyed by its own task") {
  EventLoop loop;
  std::optional<Timer> timer(std::in_place, loop);
  timer->arm(loop.now(), [&] {
    timer.reset();
    loop.stop();
  });
  loop.run();
  CHECK_FALSE(timer.has_value());
}

TEST_CASE("a timer of a running loop is not for other threads") {
  LoopPool pool(1);
  Timer timer(pool.at(0));
  pool.start();
  on_loop(pool.at(0), [] {});  // runs by now
  CHECK_THROWS_AS(timer.arm(base::Instant(), [] {}), base::InvariantBroken);
  pool.stop_and_join();
}

TEST_CASE("each loop of a pool runs on a named thread of its own") {
  LoopPool pool(2);
  CHECK(pool.size() == 2);
  pool.start();
  for (int i = 0; i < 2; ++i) {
    const auto name = on_loop(pool.at(i), [] {
      std::array<char, 16> text{};
      pthread_getname_np(pthread_self(), text.data(), text.size());
      return std::string(text.data());
    });
    CHECK(name == "parley-loop-" + std::to_string(i));
  }
  CHECK(on_loop(pool.at(0), [&] { return pool.at(0).in_loop() && !pool.at(1).in_loop(); }));
  pool.stop_and_join();
  pool.stop_and_join();
}

// What a task holds may belong to the loop, such as a session: it must go on the loop's thread.
TEST_CASE("stopping a pool destroys pending tasks on their loop") {
  struct Witness {
    EventLoop& loop;
    Mailbox<bool>& died_in_loop;
    ~Witness() { died_in_loop.put(loop.in_loop()); }
  };
  Mailbox<bool> died_in_loop;
  LoopPool pool(1);
  pool.start();
  EventLoop& loop = pool.at(0);
  loop.post_after(std::chrono::hours(1),
                  [witness = std::make_shared<Witness>(loop, died_in_loop)] {});
  on_loop(loop, [] {});
  pool.stop_and_join();
  CHECK(died_in_loop.take());
  loop.post([] { FAIL("a stopped loop must run nothing"); });
}
