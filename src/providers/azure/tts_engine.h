// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::azure {

// Azure Speech's voices, one streamed HTTP answer per request: provider "azure". The keys are in
// docs/reference/engines.md. Errors: code "invalid_config".
base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section);

}  // namespace parley::providers::azure
