// SPDX-License-Identifier: MIT
#include "providers/openai/speech_engine.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/openai/speech_job.h"
#include "providers/openai/speech_request.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::openai {

namespace {

using remote::Endpoint;

constexpr std::string_view kOpenaiHost = "https://api.openai.com/";

struct Preset {
  std::string_view provider;
  const char* base_url;
  const char* model;
  const char* voice;          // for OpenAI's names; empty: the server knows them
  base::Duration first_byte;  // a local server may have to load the model first
};
constexpr Preset kPresets[] = {
    {"openai", "https://api.openai.com/v1", "gpt-4o-mini-tts", "", std::chrono::seconds(15)},
    {"kokoro", "http://127.0.0.1:8880/v1", "kokoro", "af_heart", std::chrono::seconds(60)},
    {"speaches", "http://127.0.0.1:8000/v1", "speaches-ai/Kokoro-82M-v1.0-ONNX", "af_heart",
     std::chrono::seconds(60)},
};

const Preset& preset_of(const std::string& provider) {
  for (const auto& preset : kPresets) {
    if (preset.provider == provider) return preset;
  }
  return kPresets[0];
}

SpeechOptions read_options(SectionReader& keys, const Preset& preset) {
  SpeechOptions options;
  options.model = preset.model;
  options.voice = preset.voice;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty: which of the server's models?");
  keys.text("voice", options.voice);
  keys.map("voices", options.voices);
  keys.text("instructions", options.instructions);
  keys.choice("response_format", {"pcm", "wav", "mp3", "opus", "flac"}, options.format);
  keys.integer("pcm_rate", 8000, 48000, options.pcm_rate_hz);
  remote::read_extra_body(keys, options.extra_body);
  return options;
}

class SpeechEngine final : public engine::TtsEngine {
 public:
  SpeechEngine(Endpoint endpoint, SpeechOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(endpoint_->base_url + "/audio/speech") {}

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    SpeechPlan plan;
    plan.endpoint = endpoint_;
    plan.pcm_rate_hz = options_.pcm_rate_hz;
    plan.may_be_compressed = options_.format != "pcm" && options_.format != "wav";
    plan.request.url = url_;
    plan.request.headers = {{"Content-Type", "application/json"}, {"Accept", "audio/*"}};
    if (!endpoint_->api_key.empty()) {
      plan.request.headers.emplace_back("Authorization", "Bearer " + endpoint_->api_key);
    }
    plan.request.body = speech_request(options_, request);
    plan.request.await_first_piece = true;
    return start_speech(std::move(plan), loop, std::move(sink));
  }

  std::vector<std::string> voices() const override {
    std::set<std::string> names;
    for (const auto& [name, voice] : options_.voices) names.insert(name);
    if (options_.voice.empty()) {
      names.insert(openai_voices().begin(), openai_voices().end());
    } else {
      names.insert(options_.voice);
    }
    return {names.begin(), names.end()};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    return "speech, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const SpeechOptions options_;
  const std::string url_;
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_speech(const config::EngineSection& section) {
  SectionReader keys(section);
  const Preset& preset = preset_of(section.provider);
  Endpoint defaults;
  defaults.base_url = preset.base_url;
  defaults.timeouts.first_byte = preset.first_byte;
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kOpenaiHost)) {
    remote::require_key(keys, endpoint, "api.openai.com");
  }
  SpeechOptions options = read_options(keys, preset);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<SpeechEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::openai
