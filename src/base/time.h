// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

// Three times, never mixed: Instant (monotonic, from the caller), AudioTime (samples since a stream
// began) and WallTime (only for fields such as `expires_at`).
namespace parley::base {

using Duration = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

// A point on the monotonic clock. The core never reads a clock: drivers and tests pass one in.
struct Instant {
  Duration since_epoch{};

  friend auto operator<=>(Instant, Instant) = default;
  friend Instant operator+(Instant t, Duration d) { return {t.since_epoch + d}; }
  friend Instant operator-(Instant t, Duration d) { return {t.since_epoch - d}; }
  friend Duration operator-(Instant a, Instant b) { return a.since_epoch - b.since_epoch; }
};

// Seconds since 1970 (UTC), as the wire's `expires_at` and `created_at` count them.
struct WallTime {
  std::int64_t unix_seconds = 0;
};

// A position in one audio stream, counted in samples at the stream's own rate.
struct AudioTime {
  std::int64_t samples = 0;

  friend auto operator<=>(AudioTime, AudioTime) = default;
  std::int64_t milliseconds(int rate_hz) const { return samples * 1000 / rate_hz; }
};

// The process's clocks. Not for `session/`, `turn/` and `audio/`: those take time as an argument.
Instant monotonic_now();
WallTime wall_now();

}  // namespace parley::base
