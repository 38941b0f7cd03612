// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::deepgram {

// Deepgram's live recognition, a WebSocket per utterance: provider "deepgram". Models "flux-…"
// use /v2/listen, all others /v1/listen. The keys are in docs/reference/engines.md. Errors: code
// "invalid_config".
base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section);

}  // namespace parley::providers::deepgram
