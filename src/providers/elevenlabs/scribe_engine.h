// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::elevenlabs {

// ElevenLabs' Scribe, a WebSocket per utterance: recogniser "elevenlabs". The keys are in
// docs/reference/engines.md. Errors: code "invalid_config".
base::Result<std::unique_ptr<engine::SttEngine>> make_scribe(const config::EngineSection& section);

}  // namespace parley::providers::elevenlabs
