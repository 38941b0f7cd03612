// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace parley::providers::embedded {

// The threads on which embedded engines work, so that no event loop ever waits for them. They run
// at a lower priority than the loops: when the machine is short, conversations stay smooth and
// answers come later. Tasks that have not begun are dropped when the pool goes.
class WorkerPool {
 public:
  explicit WorkerPool(int threads);  // 0: one per core
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void post(std::function<void()> task);  // any thread
  int size() const { return static_cast<int>(threads_.size()); }

 private:
  void work(int index);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace parley::providers::embedded
