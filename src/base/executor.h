// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "base/time.h"

namespace parley::base {

// Where work can be handed to: an event loop, or a test's virtual one. What engines see of a loop.
// post() may be called from any thread; tasks run one at a time, in order, on the executor's
// thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> task) = 0;
  // Runs `task` no earlier than `delay` from now. Cannot be recalled: guard it with a weak
  // reference.
  virtual void post_after(Duration delay, std::function<void()> task) = 0;
};

}  // namespace parley::base
