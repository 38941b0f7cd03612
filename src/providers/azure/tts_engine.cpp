// SPDX-License-Identifier: MIT
#include "providers/azure/tts_engine.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/azure/region.h"
#include "providers/azure/tts_request.h"
#include "providers/openai/speech_job.h"

namespace parley::providers::azure {

namespace {

using remote::Endpoint;

TtsOptions read_options(SectionReader& keys) {
  TtsOptions options;
  keys.text("voice", options.voice);
  if (options.voice.empty()) keys.blame("voice", "is empty");
  keys.map("voices", options.voices);
  keys.text("language", options.language);
  if (!options.language.empty() && !is_language_tag(options.language)) {
    keys.blame("language", "must be a language such as en-US");
  }
  keys.text("style", options.style);
  read_deployment(keys, options.deployment);
  std::string rate = std::to_string(options.pcm_rate_hz);
  keys.choice("pcm_rate", {"8000", "16000", "22050", "24000", "44100", "48000"}, rate);
  options.pcm_rate_hz = std::stoi(rate);
  return options;
}

class TtsEngine final : public engine::TtsEngine {
 public:
  TtsEngine(Endpoint endpoint, TtsOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)) {}

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    openai::SpeechPlan plan;
    plan.endpoint = endpoint_;
    plan.pcm_rate_hz = options_.pcm_rate_hz;
    plan.request.url = endpoint_->base_url + tts_path(options_);
    plan.request.headers = {{"Content-Type", "application/ssml+xml"},
                            {"X-Microsoft-OutputFormat", tts_format(options_.pcm_rate_hz)},
                            {"Accept", "audio/*"}};
    add_key(*endpoint_, plan.request.headers);
    plan.request.body = tts_ssml(options_, request);
    plan.request.await_first_piece = true;
    return openai::start_speech(std::move(plan), loop, std::move(sink));
  }

  std::vector<std::string> voices() const override {
    std::set<std::string> names = {options_.voice};
    for (const auto& [name, voice] : options_.voices) names.insert(name);
    return {names.begin(), names.end()};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), endpoint_->base_url + tts_path(options_),
                   endpoint_->tls);
  }
  std::string describe() const override {
    return "Azure Speech, voice " + options_.voice + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const TtsOptions options_;
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section) {
  constexpr std::chrono::seconds kFirstByte(15);
  SectionReader keys(section);
  Endpoint endpoint = read_speech_endpoint(keys, section, "tts", kFirstByte);
  TtsOptions options = read_options(keys);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<TtsEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::azure
