// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace parley::turn {

// How likely a voice that ended so has finished: 0 to 1, 0.5: cannot tell. `voice` is the last
// speech, mono at kVadRateHz. Allocates nothing.
double voice_completeness(std::span<const std::int16_t> voice);

}  // namespace parley::turn
