// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/event_loop.h"
#include "tests/net/harness.h"

namespace parley::tests {
namespace {

using Queue = providers::openai::TranscriptionQueue;

// Tasks run when the test says so.
class HandLoop final : public base::Executor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void post_after(base::Duration, std::function<void()>) override {}
  void run() {
    while (!tasks_.empty()) {
      auto tasks = std::move(tasks_);
      tasks_.clear();
      for (auto& task : tasks) task();
    }
  }

 private:
  std::vector<std::function<void()>> tasks_;
};

TEST_CASE("so many at a time are let in, in the order they came") {
  HandLoop loop;
  const auto queue = std::make_shared<Queue>(2);
  std::string in;
  std::vector<std::unique_ptr<Queue::Ticket>> tickets;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) {
    tickets.push_back(queue->enter(loop, [&in, name] { in += name; }));
  }
  CHECK(in.empty());  // never from inside enter()
  loop.run();
  CHECK(in == "ab");
  tickets[2].reset();  // c leaves before its turn
  tickets[1].reset();
  loop.run();
  CHECK(in == "abd");
  tickets[0].reset();
  tickets[3].reset();
  loop.run();
  CHECK(in == "abde");
}

TEST_CASE("who leaves between being let in and hearing of it is not called, and keeps no place") {
  HandLoop loop;
  const auto queue = std::make_shared<Queue>(1);
  std::string in;
  auto first = queue->enter(loop, [&] { in += 'a'; });
  auto second = queue->enter(loop, [&] { in += 'b'; });
  first.reset();
  second.reset();
  auto third = queue->enter(loop, [&] { in += 'c'; });
  loop.run();
  CHECK(in == "c");
}

TEST_CASE("sessions on several loops share the places, and each gets its turn") {
  constexpr int kLoops = 4;
  constexpr int kTurns = 200;
  constexpr int kPlaces = 3;
  net::LoopPool loops(kLoops);
  loops.start();
  const auto queue = std::make_shared<Queue>(kPlaces);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> left{kLoops * kTurns};
  net::test::Mailbox<bool> over;
  std::vector<std::vector<std::unique_ptr<Queue::Ticket>>> tickets(kLoops);
  for (int i = 0; i < kLoops; ++i) {
    auto& loop = loops.at(i);
    auto& mine = tickets[static_cast<std::size_t>(i)];
    net::test::on_loop(loop, [&] { mine.resize(kTurns); });
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      loop.post([&, turn] {
        mine[turn] = queue->enter(loop, [&, turn] {
          most = std::max(most.load(), ++inside);
          // Inside until the loop's next task.
          loop.post([&, turn] {
            --inside;
            mine[turn].reset();
            if (--left == 0) over.put(true);
          });
        });
      });
    }
  }
  CHECK(over.take());
  loops.stop_and_join();
  CHECK(most <= kPlaces);
}

}  // namespace
}  // namespace parley::tests
