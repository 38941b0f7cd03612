// SPDX-License-Identifier: MIT
// Language models made from configuration, pointed at the fakes, and asked for a turn.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "providers/registry.h"
#include "tests/providers/remote/fakes.h"
#include "tests/providers/remote/llm_run.h"

namespace parley::tests {

using Options = std::map<std::string, std::string>;

inline constexpr const char* kKey = "test-key";

struct Peer {
  const char* provider;
  const char* fake;  // its id
  const char* path;
  Options options = {};
  const char* key = kKey;
};

// A loop for the engine's jobs, and the engines that a test makes.
class Bench {
 public:
  Bench() { loops_.start(); }
  ~Bench() { loops_.stop_and_join(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::unique_ptr<engine::LlmEngine> make(const Peer& peer, const Options& more = {}) {
    config::EngineSection section{"llm", "mine", peer.provider, peer.options, {}};
    section.options.emplace("base_url", Fakes::url(peer.path));
    section.options.emplace("api_key", peer.key);
    if (section.options.count("deployment") == 0) section.options.emplace("model", "m");
    for (const auto& [key, value] : more) section.options[key] = value;
    auto made = providers::make_llm(section, workers_);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return std::move(*made);
  }
  net::EventLoop& loop() { return loops_.at(0); }

 private:
  providers::embedded::WorkerPool workers_{1};
  net::LoopPool loops_{1};
};

inline engine::LlmRequest asking(std::string words) {
  engine::LlmRequest request;
  request.instructions = "Be brief.";
  engine::Utterance said;
  said.text = std::move(words);
  request.history = {said};
  return request;
}

// What one turn says: the transcript without its figures.
inline std::string turn(Bench& bench, engine::LlmEngine& engine,
                        engine::LlmRequest request = asking("hi")) {
  LlmRun run(bench.loop(), engine, std::move(request));
  std::string told = run.finish();
  CHECK_FALSE(run.broke_the_rules());
  if (const auto figures = told.find(" | stop "); figures != std::string::npos) {
    told.resize(figures + 7);
  }
  return told;
}

}  // namespace parley::tests
