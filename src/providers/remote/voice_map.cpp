// SPDX-License-Identifier: MIT
#include "providers/remote/voice_map.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace parley::providers::remote {

namespace {

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string translated(const VoiceMap& map, const std::vector<std::string>& known,
                       const std::string& voice) {
  if (const auto found = map.names.find(voice); found != map.names.end()) return found->second;
  return map.otherwise.empty() || holds(known, voice) ? voice : map.otherwise;
}

class VoicedTts final : public engine::TtsEngine {
 public:
  VoicedTts(engine::TtsEngine& engine, VoiceMap map) : engine_(engine), map_(std::move(map)) {}
  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    request.voice = translated(map_, engine_.voices(), request.voice);
    return engine_.start(std::move(request), loop, std::move(sink));
  }
  std::vector<std::string> voices() const override {
    std::vector<std::string> names;
    std::vector<std::string> own = engine_.voices();
    names.reserve(map_.names.size() + own.size());
    for (const auto& [name, other] : map_.names) names.push_back(name);
    for (auto& name : own) {
      if (!holds(names, name)) names.push_back(std::move(name));
    }
    return names;
  }
  void warm(base::Executor& loop) override { engine_.warm(loop); }
  std::string describe() const override { return engine_.describe(); }

 private:
  engine::TtsEngine& engine_;
  const VoiceMap map_;
};

class VoicedLlm final : public engine::LlmEngine {
 public:
  VoicedLlm(engine::LlmEngine& engine, VoiceMap map) : engine_(engine), map_(std::move(map)) {}
  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    request.voice = translated(map_, {}, request.voice);
    return engine_.start(std::move(request), loop, std::move(sink));
  }
  engine::LlmTraits traits() const override { return engine_.traits(); }
  void warm(base::Executor& loop) override { engine_.warm(loop); }
  std::string describe() const override { return engine_.describe(); }

 private:
  engine::LlmEngine& engine_;
  const VoiceMap map_;
};

}  // namespace

std::unique_ptr<engine::TtsEngine> with_voices(engine::TtsEngine& engine, VoiceMap map) {
  return std::make_unique<VoicedTts>(engine, std::move(map));
}

std::unique_ptr<engine::LlmEngine> with_voices(engine::LlmEngine& engine, VoiceMap map) {
  return std::make_unique<VoicedLlm>(engine, std::move(map));
}

}  // namespace parley::providers::remote
