// SPDX-License-Identifier: MIT
#include "providers/cartesia/tts_engine.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/cartesia/tts_request.h"
#include "providers/cartesia/tts_stream.h"
#include "providers/openai/speech_event_job.h"
#include "providers/openai/speech_job.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::cartesia {

namespace {

using remote::Endpoint;

constexpr std::string_view kHost = "https://api.cartesia.ai";

TtsOptions read_options(SectionReader& keys) {
  TtsOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty");
  keys.text("voice", options.voice);
  if (options.voice.empty()) keys.blame("voice", "is empty");
  keys.map("voices", options.voices);
  keys.text("version", options.version);
  if (options.version.empty()) keys.blame("version", "is empty: the service asks for one");
  keys.text("language", options.language);
  keys.text("emotion", options.emotion);
  constexpr double kUnset = 0;
  double volume = kUnset;
  keys.number("volume", 0.5, 2, volume);
  if (volume > kUnset) options.volume = volume;
  keys.boolean("word_times", options.word_times);
  std::string rate = std::to_string(options.pcm_rate_hz);
  keys.choice("pcm_rate", {"8000", "16000", "22050", "24000", "44100", "48000"}, rate);
  options.pcm_rate_hz = std::stoi(rate);
  remote::read_extra_body(keys, options.extra_body);
  return options;
}

class TtsEngine final : public engine::TtsEngine {
 public:
  TtsEngine(Endpoint endpoint, TtsOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(endpoint_->base_url + tts_path(options_)) {}

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    const auto bare =
        openai::remembering(lacks_times_, [endpoint = endpoint_, options = options_, request,
                                           &loop](engine::Sink<engine::TtsEvent> heard) mutable {
          options.word_times = false;
          openai::SpeechPlan plan;
          plan.endpoint = endpoint;
          plan.request = call_for(*endpoint, options, request);
          plan.pcm_rate_hz = options.pcm_rate_hz;
          return openai::start_speech(std::move(plan), loop, std::move(heard));
        });
    if (!options_.word_times || *lacks_times_) return bare(std::move(sink));
    const auto decoder = [endpoint = endpoint_, text = request.text,
                          rate_hz = options_.pcm_rate_hz] {
      return make_tts_decoder(endpoint, text, rate_hz);
    };
    return openai::start_speech_events(
        {endpoint_, call_for(*endpoint_, options_, request), decoder, bare}, loop, std::move(sink));
  }

  std::vector<std::string> voices() const override {
    std::set<std::string> names = {options_.voice};
    for (const auto& [name, id] : options_.voices) names.insert(name);
    return {names.begin(), names.end()};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    return "Cartesia, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  static remote::RemoteRequest call_for(const Endpoint& endpoint, const TtsOptions& options,
                                        const engine::TtsRequest& request) {
    remote::RemoteRequest call;
    call.url = endpoint.base_url + tts_path(options);
    call.headers = {{"Content-Type", "application/json"},
                    {"Accept", options.word_times ? "text/event-stream" : "audio/*"},
                    {"Cartesia-Version", options.version}};
    if (!endpoint.api_key.empty()) {
      call.headers.emplace_back("Authorization", "Bearer " + endpoint.api_key);
    }
    call.body = tts_body(options, request);
    call.await_first_piece = true;
    return call;
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const TtsOptions options_;
  const openai::Memory lacks_times_ = std::make_shared<std::atomic<bool>>(false);
  const std::string url_;
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = kHost;
  defaults.timeouts.first_byte = std::chrono::seconds(15);
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kHost)) {
    remote::require_key(keys, endpoint, "api.cartesia.ai");
  }
  TtsOptions options = read_options(keys);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<TtsEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::cartesia
