// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/result.h"
#include "config/options.h"
#include "engine/catalog.h"
#include "providers/embedded/worker_pool.h"

namespace parley::cli {

// The engines that a configuration names, and the threads they work on.
class Engines {
 public:
  // Errors: code "invalid_config", naming the section and what would be valid.
  static base::Result<std::unique_ptr<Engines>> create(const config::Options& options);

  engine::EngineSet set() const { return {stt_.get(), llm_.get(), tts_.get()}; }
  const engine::Catalog& catalog() const { return *catalog_; }

 private:
  Engines() = default;

  // The pool first: it outlives the engines.
  providers::embedded::WorkerPool pool_{0};
  std::unique_ptr<engine::SttEngine> stt_;
  std::unique_ptr<engine::LlmEngine> llm_;
  std::unique_ptr<engine::TtsEngine> tts_;
  std::unique_ptr<engine::Catalog> catalog_;
};

}  // namespace parley::cli
