// SPDX-License-Identifier: MIT
#include "cli/engines.h"

#include <algorithm>
#include <string>
#include <utility>

#include "providers/mcp/http_client.h"
#include "providers/registry.h"
#include "providers/remote/fallback.h"
#include "providers/remote/voice_map.h"

namespace parley::cli {

namespace {

using config::EngineSection;

base::Result<std::unique_ptr<engine::SttEngine>> make(const EngineSection& section,
                                                      providers::embedded::WorkerPool& pool,
                                                      engine::SttEngine*) {
  return providers::make_stt(section, pool);
}
base::Result<std::unique_ptr<engine::LlmEngine>> make(const EngineSection& section,
                                                      providers::embedded::WorkerPool& pool,
                                                      engine::LlmEngine*) {
  return providers::make_llm(section, pool);
}
base::Result<std::unique_ptr<engine::TtsEngine>> make(const EngineSection& section,
                                                      providers::embedded::WorkerPool& pool,
                                                      engine::TtsEngine*) {
  return providers::make_tts(section, pool);
}

// The loader has checked that the name exists.
const EngineSection& find_section(const config::Options& options, const EngineSection& usual,
                                  const std::string& name) {
  const auto found = std::find_if(options.engines.begin(), options.engines.end(),
                                  [&](const EngineSection& section) {
                                    return section.kind == usual.kind && section.name == name;
                                  });
  return found == options.engines.end() ? usual : *found;
}

}  // namespace

template <class Engine>
base::Result<Engine*> Engines::take(const config::Options& options, Shelf<Engine>& shelf,
                                    const EngineSection& usual, const std::string& name) {
  const EngineSection& section = name.empty() ? usual : find_section(options, usual, name);
  auto& place = shelf.by_name[section.name];
  if (place) return place.get();
  auto made = make(section, pool_, static_cast<Engine*>(nullptr));
  if (!made) {
    base::Error error = std::move(made.error());
    const bool placed =
        section.origin.empty() || error.message.starts_with(section.origin) ||
        std::any_of(section.origins.begin(), section.origins.end(),
                    [&](const auto& entry) { return error.message.starts_with(entry.second); });
    if (!placed) error.message = section.origin + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  place = std::move(*made);
  return place.get();
}

template <class Engine>
base::Result<Engine*> Engines::take_all(const config::Options& options, Shelf<Engine>& shelf,
                                        const EngineSection& usual, const std::string& name,
                                        const std::vector<std::string>& fallback) {
  std::vector<Engine*> found;
  auto first = take(options, shelf, usual, name);
  if (!first || fallback.empty()) return first;
  found.push_back(*first);
  for (const std::string& other : fallback) {
    auto next = take(options, shelf, usual, other);
    if (!next) return next;
    found.push_back(*next);
  }
  shelf.dressed.push_back(providers::remote::with_fallback(std::move(found)));
  return shelf.dressed.back().get();
}

base::Result<engine::Model> Engines::make_model(const config::Options& options,
                                                const config::ModelSection& section) {
  const auto stt = take_all(options, stt_, options.stt, section.stt, section.stt_fallback);
  if (!stt) return tl::unexpected(stt.error());
  const auto llm = take_all(options, llm_, options.llm, section.llm, section.llm_fallback);
  if (!llm) return tl::unexpected(llm.error());
  const auto tts = take_all(options, tts_, options.tts, section.tts, section.tts_fallback);
  if (!tts) return tl::unexpected(tts.error());
  engine::Model model{section, {}};
  model.engines.stt = *stt;
  model.engines.llm = *llm;
  model.engines.tts = *tts;
  model.engines.mcp = mcp_.get();
  if (!section.voices.empty()) {
    const providers::remote::VoiceMap map{section.voices, {}};
    tts_.dressed.push_back(providers::remote::with_voices(*model.engines.tts, map));
    model.engines.tts = tts_.dressed.back().get();
    llm_.dressed.push_back(providers::remote::with_voices(*model.engines.llm, map));
    model.engines.llm = llm_.dressed.back().get();
  }
  return model;
}

base::Result<std::unique_ptr<Engines>> Engines::create(const config::Options& options) {
  std::unique_ptr<Engines> engines(new Engines);
  engines->mcp_ = providers::mcp::make_http_client();
  std::vector<config::ModelSection> sections = options.models;
  if (sections.empty()) {
    sections.emplace_back();
    sections.back().name = options.session.model;
    const auto relayed = std::find_if(options.engines.begin(), options.engines.end(),
                                      [](const auto& engine) { return engine.kind == "s2s"; });
    if (relayed != options.engines.end()) sections.back().s2s = relayed->name;
  }
  // The one for clients that name none comes first.
  std::stable_partition(sections.begin(), sections.end(),
                        [&](const auto& section) { return section.name == options.session.model; });
  std::vector<engine::Model> models;
  for (const auto& section : sections) {
    auto model = engines->make_model(options, section);
    if (!model) return tl::unexpected(std::move(model.error()));
    models.push_back(std::move(*model));
  }
  engines->catalog_ = std::make_unique<engine::Catalog>(std::move(models));
  return engines;
}

}  // namespace parley::cli
