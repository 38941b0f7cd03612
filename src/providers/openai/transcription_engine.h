// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::openai {

// Recognisers behind POST …/audio/transcriptions: providers "openai", "azure_openai", "groq",
// "speaches" and "vllm", and every other server of that API by its `base_url`; and "whispercpp",
// whose own server takes nearly the same form. The keys are in docs/reference/engines.md.
// Errors: code "invalid_config".
base::Result<std::unique_ptr<engine::SttEngine>> make_transcription(
    const config::EngineSection& section);

}  // namespace parley::providers::openai
