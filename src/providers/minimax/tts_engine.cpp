// SPDX-License-Identifier: MIT
#include "providers/minimax/tts_engine.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/minimax/tts_request.h"
#include "providers/minimax/tts_stream.h"
#include "providers/openai/speech_event_job.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::minimax {

namespace {

using remote::Endpoint;

// A key belongs to one of them.
constexpr const char* kHostGlobal = "https://api.minimax.io";
constexpr const char* kHostChina = "https://api.minimaxi.com";

bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

std::string read_host(SectionReader& keys) {
  std::string region = "global";
  keys.choice("region", {"global", "china"}, region);
  return region == "china" ? kHostChina : kHostGlobal;
}

TtsOptions read_options(SectionReader& keys) {
  TtsOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty");
  keys.text("voice", options.voice);
  if (options.voice.empty()) keys.blame("voice", "is empty");
  keys.map("voices", options.voices);
  keys.text("group_id", options.group_id);
  // It becomes part of an address.
  if (!is_plain(options.group_id)) keys.blame("group_id", "has letters that no group's id has");
  keys.text("emotion", options.emotion);
  keys.number("volume", 0.01, 10, options.volume);
  keys.integer("pitch", -12, 12, options.pitch);
  keys.text("language_boost", options.language_boost);
  std::string rate = std::to_string(options.pcm_rate_hz);
  keys.choice("pcm_rate", {"8000", "16000", "22050", "24000", "32000", "44100"}, rate);
  options.pcm_rate_hz = std::stoi(rate);
  remote::read_extra_body(keys, options.extra_body);
  return options;
}

class TtsEngine final : public engine::TtsEngine {
 public:
  TtsEngine(Endpoint endpoint, TtsOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)) {}

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    openai::SpeechEventPlan plan;
    plan.endpoint = endpoint_;
    plan.request.url = endpoint_->base_url + tts_path(options_);
    plan.request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!endpoint_->api_key.empty()) {
      plan.request.headers.emplace_back("Authorization", "Bearer " + endpoint_->api_key);
    }
    plan.request.body = tts_body(options_, request);
    plan.request.await_first_piece = true;
    plan.decoder = [endpoint = endpoint_, rate_hz = options_.pcm_rate_hz] {
      return make_tts_decoder(endpoint, rate_hz);
    };
    return openai::start_speech_events(std::move(plan), loop, std::move(sink));
  }

  std::vector<std::string> voices() const override {
    std::set<std::string> names = {options_.voice};
    for (const auto& [name, id] : options_.voices) names.insert(name);
    return {names.begin(), names.end()};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), endpoint_->base_url + tts_path(options_),
                   endpoint_->tls);
  }
  std::string describe() const override {
    return "MiniMax, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const TtsOptions options_;
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = read_host(keys);
  defaults.timeouts.first_byte = std::chrono::seconds(15);
  const std::string host = defaults.base_url;
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url == host) remote::require_key(keys, endpoint, "MiniMax");
  TtsOptions options = read_options(keys);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<TtsEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::minimax
