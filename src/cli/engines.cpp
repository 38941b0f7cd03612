// SPDX-License-Identifier: MIT
#include "cli/engines.h"

#include <string>
#include <utility>

#include "providers/registry.h"

namespace parley::cli {

namespace {

template <class Engine>
base::Result<void> take(base::Result<std::unique_ptr<Engine>> made,
                        const config::EngineSection& section, std::unique_ptr<Engine>& place) {
  if (made) {
    place = std::move(*made);
    return {};
  }
  base::Error error = std::move(made.error());
  const bool placed = section.origin.empty() || error.message.starts_with(section.origin);
  if (!placed) error.message = section.origin + ": " + error.message;
  return tl::unexpected(std::move(error));
}

}  // namespace

base::Result<std::unique_ptr<Engines>> Engines::create(const config::Options& options) {
  std::unique_ptr<Engines> engines(new Engines);
  auto& pool = engines->pool_;
  auto done = take(providers::make_stt(options.stt, pool), options.stt, engines->stt_);
  if (done) done = take(providers::make_llm(options.llm, pool), options.llm, engines->llm_);
  if (done) done = take(providers::make_tts(options.tts, pool), options.tts, engines->tts_);
  if (!done) return tl::unexpected(std::move(done.error()));
  engine::Model model{{}, engines->set()};
  model.settings.name = options.session.model;
  engines->catalog_ = std::make_unique<engine::Catalog>(std::vector<engine::Model>{model});
  return engines;
}

}  // namespace parley::cli
