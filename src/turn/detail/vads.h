// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "turn/vad.h"

namespace parley::turn::detail {

std::unique_ptr<Vad> make_energy_vad();
std::unique_ptr<Vad> make_webrtc_vad(int aggressiveness);  // 0..3

}  // namespace parley::turn::detail
