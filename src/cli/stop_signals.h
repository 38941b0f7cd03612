// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "base/time.h"

namespace parley::cli {

// SIGINT and SIGTERM as something to wait for, instead of handlers that may do next to nothing.
// Make it before any thread is started: threads inherit that the signals are blocked. While it
// lives a write to a closed pipe is an error, not a signal.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();  // from here on they end the process as usual
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int wait();  // blocks; the signal that came
  std::optional<int> wait_for(base::Duration patience);
};

}  // namespace parley::cli
