// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/ports.h"
#include "providers/embedded/worker_pool.h"

namespace parley::providers::embedded {

struct PocketSphinxOptions {
  std::string model_dir;      // holds en-us/, en-us.lm.bin, cmudict-en-us.dict; empty: Debian's
  int decoders_max = 0;       // about 100 MB each; 0: two per core, 2 to 16
  int waiting_max = 256;      // utterances that may wait for a decoder
  int wait_max_s = 30;        // and for how long
  int utterance_max_s = 120;  // audio of one utterance
};

// Speech recognition with PocketSphinx and its US-English model: wideband speech only, 16 kHz.
// Partial texts stream while the user speaks; nothing is final before the end of the utterance.
//
// A decoder is leased to an utterance from its first audio to its final text. Decoders are made
// when they are needed, up to decoders_max; beyond that utterances wait in order, their audio kept,
// and are decoded many times faster than real time when their turn comes. All decoding runs on
// `pool`, which must outlive the engine.
//
// Errors: code "invalid_config" when the model is not where it should be. A job that finds no
// decoder within the bounds above ends with a Failure, code "rate_limit_exceeded".
base::Result<std::unique_ptr<engine::SttEngine>> make_pocketsphinx(
    const PocketSphinxOptions& options, WorkerPool& pool);

}  // namespace parley::providers::embedded
