// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/executor.h"

namespace parley::tests {

// A session's loop, pumped by the test: tasks run when wait_for() is called, on the test's thread.
class TestExecutor final : public base::Executor {
 public:
  void post(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  // Kept until the test fires it: time is the test's.
  void post_after(base::Duration, std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    later_.push_back(std::move(task));
  }
  void fire_timers() {
    std::vector<std::function<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(later_);
    }
    for (auto& task : due) task();
  }

  // Runs tasks until `done` holds. The limit only turns a hang into a failure.
  template <class Done>
  bool wait_for(Done done) {
    while (!done()) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !tasks_.empty(); })) {
          return false;
        }
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
    return true;
  }
  // Runs what is there now.
  void drain() {
    for (;;) {
      std::function<void()> task;
      {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::function<void()>> later_;
};

}  // namespace parley::tests
