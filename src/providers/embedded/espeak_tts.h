// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/ports.h"
#include "providers/embedded/worker_pool.h"

namespace parley::providers::embedded {

struct EspeakOptions {
  std::string voice = "en-us";        // for names that are OpenAI's; any eSpeak NG voice works
  std::string program = "espeak-ng";  // found on PATH
};

// Speech synthesis with eSpeak NG, for the hundred languages that Flite lacks. It runs as a process
// of its own, one a request, and is never linked: its licence is GPL. Robotic, but instant. Text
// goes in by stdin, a WAV comes out by stdout; destroying the job kills the process. `pool` must
// outlive the engine. Errors: code "invalid_config" when the program is not installed.
base::Result<std::unique_ptr<engine::TtsEngine>> make_espeak(const EspeakOptions& options,
                                                             WorkerPool& pool);

}  // namespace parley::providers::embedded
