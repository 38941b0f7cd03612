// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/ports.h"
#include "providers/embedded/worker_pool.h"

namespace parley::providers::embedded {

struct FliteOptions {
  std::string voice = "slt";  // for names that mean nothing to Flite: rms, slt, awb, kal16
};

// Speech synthesis with CMU Flite and its four 16 kHz voices, streamed while it is made, with word
// times. OpenAI's voice names are mapped onto the four. Jobs run on `pool`, which must outlive the
// engine. Thread-safe: voices are read-only, what differs per request lives in its utterance.
std::unique_ptr<engine::TtsEngine> make_flite(const FliteOptions& options, WorkerPool& pool);

}  // namespace parley::providers::embedded
