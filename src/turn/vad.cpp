// SPDX-License-Identifier: MIT
#include "turn/vad.h"

#include "base/assert.h"
#include "turn/detail/vads.h"

namespace parley::turn {

std::unique_ptr<Vad> make_vad(const VadOptions& options) {
  PARLEY_ASSERT(options.aggressiveness >= 0 && options.aggressiveness <= 3);
  switch (options.kind) {
    case VadKind::energy:
      return detail::make_energy_vad();
    case VadKind::webrtc:
      return detail::make_webrtc_vad(options.aggressiveness);
  }
  PARLEY_ASSERT(false);
}

}  // namespace parley::turn
