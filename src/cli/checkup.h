// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "config/options.h"
#include "engine/types.h"
#include "net/event_loop.h"
#include "providers/embedded/worker_pool.h"

namespace parley::cli {

// What came of giving one engine a small task.
struct Checkup {
  std::optional<engine::Failure> failure;    // unset: it did the task
  std::optional<base::Duration> first_byte;  // of its answer
  base::Duration whole{};
};

// Where to look, given what went wrong with the engine; empty when the failure says it all.
std::string advice(const config::EngineSection& section, engine::FailureKind kind);

// Makes the engine of the section and has it do one small task: recognise a second of sound, answer
// a word, say a word. Blocks; `loop` must be running on another thread.
Checkup check_engine(const config::EngineSection& section, net::EventLoop& loop,
                     providers::embedded::WorkerPool& pool);

}  // namespace parley::cli
