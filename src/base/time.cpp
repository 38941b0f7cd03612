// SPDX-License-Identifier: MIT
#include "base/time.h"

namespace parley::base {

Instant monotonic_now() {
  return {std::chrono::duration_cast<Duration>(
      std::chrono::steady_clock::now().time_since_epoch())};
}

WallTime wall_now() {
  return {std::chrono::duration_cast<std::chrono::seconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace parley::base
