// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::openai {

// A language model behind the Responses API: provider openai_responses. Errors: "invalid_config".
base::Result<std::unique_ptr<engine::LlmEngine>> make_responses(
    const config::EngineSection& section);

}  // namespace parley::providers::openai
