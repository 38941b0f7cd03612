// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/options.h"
#include "engine/catalog.h"
#include "providers/embedded/worker_pool.h"

namespace parley::cli {

// The engines that a configuration names, the threads they work on, and the models they make up.
class Engines {
 public:
  // Makes the engines that models use. Errors: code "invalid_config", naming the section and what
  // would be valid.
  static base::Result<std::unique_ptr<Engines>> create(const config::Options& options);

  const engine::Catalog& catalog() const { return *catalog_; }

 private:
  template <class Engine>
  struct Shelf {
    std::map<std::string, std::unique_ptr<Engine>> by_name;  // of the section
    std::vector<std::unique_ptr<Engine>> dressed;            // with fallbacks or a voice map
  };

  Engines() = default;
  base::Result<engine::Model> make_model(const config::Options& options,
                                         const config::ModelSection& section);
  template <class Engine>
  base::Result<Engine*> take(const config::Options& options, Shelf<Engine>& shelf,
                             const config::EngineSection& usual, const std::string& name);
  template <class Engine>
  base::Result<Engine*> take_all(const config::Options& options, Shelf<Engine>& shelf,
                                 const config::EngineSection& usual, const std::string& name,
                                 const std::vector<std::string>& fallback);

  // The pool first: it outlives the engines.
  providers::embedded::WorkerPool pool_{0};
  Shelf<engine::SttEngine> stt_;
  Shelf<engine::LlmEngine> llm_;
  Shelf<engine::TtsEngine> tts_;
  std::unique_ptr<engine::McpClient> mcp_;
  std::unique_ptr<engine::Catalog> catalog_;
};

}  // namespace parley::cli
