// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::azure {

// Azure Speech's recogniser, provider "azure": over a WebSocket, or one request per utterance
// (`mode`). The keys are in docs/reference/engines.md. Errors: code "invalid_config".
base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section);

}  // namespace parley::providers::azure
