// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::openai {

// Voices behind POST …/audio/speech: providers "openai", "kokoro" (Kokoro-FastAPI) and "speaches",
// and every other server of that API by its `base_url`. The keys are in docs/reference/engines.md.
// Errors: code "invalid_config".
base::Result<std::unique_ptr<engine::TtsEngine>> make_speech(const config::EngineSection& section);

}  // namespace parley::providers::openai
