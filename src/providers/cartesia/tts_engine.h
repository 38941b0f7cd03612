// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::cartesia {

// Cartesia's voices, one streamed HTTP answer per request, with the time of each word where the
// service tells it: provider "cartesia". The keys are in docs/reference/engines.md. Errors: code
// "invalid_config".
base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section);

}  // namespace parley::providers::cartesia
