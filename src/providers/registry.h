// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/ports.h"
#include "providers/embedded/worker_pool.h"

namespace parley::providers {

// Makes an engine from its section of the configuration. `pool` is where embedded engines work; it
// must outlive them. Errors: code "invalid_config", naming the section, the key, and what would be
// valid.
base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool);
base::Result<std::unique_ptr<engine::LlmEngine>> make_llm(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool);
base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section,
                                                          embedded::WorkerPool& pool);

}  // namespace parley::providers
