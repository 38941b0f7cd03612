// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "engine/types.h"

namespace parley::providers::remote {

// A circuit breaker: once an engine has said "not now" or failed several times in a row, requests
// fail at once for a while instead of making every session wait; then one request tries again, and
// another whenever its outcome stays out (it may have been cancelled) for kProbeInterval.
// Thread-safe; one per engine.
class Breaker {
 public:
  // In a row, then the circuit opens. A few failures are told to the few sessions that they meet,
  // and the next turn may work.
  static constexpr int kFailuresMax = 5;
  static constexpr base::Duration kWaitMin = std::chrono::seconds(1);  // doubles up to …
  static constexpr base::Duration kWaitMax = std::chrono::seconds(30);
  static constexpr base::Duration kWaitAuth = std::chrono::seconds(10);
  static constexpr base::Duration kWaitQuota = std::chrono::seconds(60);
  static constexpr base::Duration kProbeInterval = std::chrono::seconds(2);

  // Nothing: go ahead (and report the outcome). Otherwise how long the circuit stays open.
  std::optional<base::Duration> refused(base::Instant now);

  void succeeded();
  // rate_limited opens at once, for as long as the engine asked (retry_after), else for the wait.
  // The others open after kFailuresMax in a row; when all of these were auth, or quota, for longer.
  // invalid_request and content_filter say nothing about the engine: ignored.
  void failed(const engine::Failure& failure, base::Instant now);

  // What it was last told, and so why it refuses.
  engine::Failure last_failure() const;

 private:
  mutable std::mutex mutex_;
  int failures_ = 0;       // in a row
  int alike_ = 0;          // of these, the last ones of the same kind
  base::Duration wait_{};  // of the last opening that we chose; zero: none yet
  std::optional<base::Instant> open_until_;
  engine::Failure last_;
};

}  // namespace parley::providers::remote
