// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::elevenlabs {

// ElevenLabs' voices, one streamed HTTP answer or one WebSocket per request, with the time of each
// word: provider "elevenlabs". The keys are in docs/reference/engines.md. Errors: code
// "invalid_config".
base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section);

}  // namespace parley::providers::elevenlabs
