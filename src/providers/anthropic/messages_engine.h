// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"

namespace parley::providers::anthropic {

// A language model behind the Messages API: provider anthropic. Errors: "invalid_config".
base::Result<std::unique_ptr<engine::LlmEngine>> make_messages(
    const config::EngineSection& section);

}  // namespace parley::providers::anthropic
