// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::openai {

// A language model behind chat completions: providers openai, azure_openai, ollama, llamacpp and
// vllm, which differ in addresses, authentication and habits. Errors: "invalid_config".
base::Result<std::unique_ptr<engine::LlmEngine>> make_chat(const config::EngineSection& section);

}  // namespace parley::providers::openai
