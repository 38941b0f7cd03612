// SPDX-License-Identifier: MIT
// Engines for sessions in which nothing is said.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/catalog.h"

namespace parley::tests {

class SilentEngines {
 public:
  engine::EngineSet set() { return {&stt_, &llm_, &tts_}; }
  // One model of these engines for each name.
  engine::Catalog catalog(const std::vector<std::string>& names = {"parley"}) {
    std::vector<engine::Model> models;
    for (const auto& name : names) {
      models.push_back({{}, set()});
      models.back().settings.name = name;
    }
    return engine::Catalog(std::move(models));
  }

 private:
  struct Stt final : engine::SttEngine {
    struct Job final : engine::SttJob {
      void push(std::span<const std::int16_t>) override {}
      void finish() override {}
    };
    std::unique_ptr<engine::SttJob> start(engine::SttRequest, base::Executor&,
                                          engine::Sink<engine::SttEvent>) override {
      return std::make_unique<Job>();
    }
    std::string describe() const override { return "silent"; }
  };
  struct Llm final : engine::LlmEngine {
    std::unique_ptr<engine::LlmJob> start(engine::LlmRequest, base::Executor&,
                                          engine::Sink<engine::LlmEvent>) override {
      return std::make_unique<engine::LlmJob>();
    }
    std::string describe() const override { return "silent"; }
  };
  struct Tts final : engine::TtsEngine {
    std::unique_ptr<engine::TtsJob> start(engine::TtsRequest, base::Executor&,
                                          engine::Sink<engine::TtsEvent>) override {
      return std::make_unique<engine::TtsJob>();
    }
    std::vector<std::string> voices() const override { return {}; }
    std::string describe() const override { return "silent"; }
  };

  Stt stt_;
  Llm llm_;
  Tts tts_;
};

}  // namespace parley::tests
