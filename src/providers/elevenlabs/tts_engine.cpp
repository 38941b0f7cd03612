// SPDX-License-Identifier: MIT
#include "providers/elevenlabs/tts_engine.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/elevenlabs/tts_request.h"
#include "providers/elevenlabs/tts_socket_job.h"
#include "providers/elevenlabs/tts_stream.h"
#include "providers/openai/speech_event_job.h"
#include "providers/openai/speech_job.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::elevenlabs {

namespace {

using remote::Endpoint;

constexpr std::string_view kHost = "https://api.elevenlabs.io";

// A number from 0 to 1.
std::optional<double> read_share(SectionReader& keys, const std::string& key) {
  constexpr double kUnset = -1;
  double share = kUnset;
  keys.number(key, 0, 1, share);
  if (share < 0) return std::nullopt;
  return share;
}

TtsOptions read_options(SectionReader& keys) {
  TtsOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty");
  keys.text("voice", options.voice);
  if (!is_voice_id(options.voice)) keys.blame("voice", "must be a voice's id");
  keys.map("voices", options.voices);
  for (const auto& [name, id] : options.voices) {
    if (!is_voice_id(id)) keys.blame("voices", "'" + id + "' cannot be a voice's id");
  }
  options.stability = read_share(keys, "stability");
  options.similarity_boost = read_share(keys, "similarity_boost");
  options.style = read_share(keys, "style");
  std::string rate = std::to_string(options.pcm_rate_hz);
  keys.choice("pcm_rate", {"8000", "16000", "22050", "24000", "32000", "44100", "48000"}, rate);
  options.pcm_rate_hz = std::stoi(rate);
  std::string mode = "http";
  keys.choice("mode", {"http", "websocket"}, mode);
  options.websocket = mode == "websocket";
  // There it becomes part of an address.
  if (options.websocket && !is_voice_id(options.model))
    keys.blame("model", "cannot be a model's id");
  keys.boolean("word_times", options.word_times);
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
    if (options_.websocket) return start_socket(request, loop, std::move(sink));
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
    return openai::start_speech_events({endpoint_, call_for(*endpoint_, options_, request),
                                        decoder_for(request, TtsForm::http), bare},
                                       loop, std::move(sink));
  }

  std::vector<std::string> voices() const override {
    std::set<std::string> names = {options_.voice};
    for (const auto& [name, id] : options_.voices) names.insert(name);
    return {names.begin(), names.end()};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), endpoint_->base_url + "/v1/text-to-speech",
                   endpoint_->tls);
  }
  std::string describe() const override {
    return "ElevenLabs, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  static remote::RemoteRequest call_for(const Endpoint& endpoint, const TtsOptions& options,
                                        const engine::TtsRequest& request) {
    remote::RemoteRequest call;
    call.url = endpoint.base_url + tts_path(options, request);
    call.headers = {{"Content-Type", "application/json"},
                    {"Accept", options.word_times ? "application/json" : "audio/*"}};
    add_key(endpoint, call.headers);
    call.body = tts_body(options, request);
    call.await_first_piece = true;
    return call;
  }

  std::unique_ptr<engine::TtsJob> start_socket(const engine::TtsRequest& request,
                                               base::Executor& loop,
                                               engine::Sink<engine::TtsEvent> sink) const {
    constexpr std::string_view kHttp = "http";  // "https://…" becomes "wss://…"
    TtsSocketPlan plan;
    plan.endpoint = endpoint_;
    plan.url = "ws" + endpoint_->base_url.substr(kHttp.size()) + tts_socket_path(options_, request);
    add_key(*endpoint_, plan.headers);
    plan.messages = tts_messages(options_, request);
    plan.decoder = decoder_for(request, TtsForm::websocket);
    return start_tts_socket(std::move(plan), loop, std::move(sink));
  }

  std::function<std::unique_ptr<openai::SpeechDecoder>()> decoder_for(
      const engine::TtsRequest& request, TtsForm form) const {
    return [endpoint = endpoint_, text = request.text, rate_hz = options_.pcm_rate_hz, form] {
      return make_tts_decoder(endpoint, text, rate_hz, form);
    };
  }

  static void add_key(const Endpoint& endpoint, net::HeaderList& headers) {
    if (!endpoint.api_key.empty()) headers.emplace_back("xi-api-key", endpoint.api_key);
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const TtsOptions options_;
  const openai::Memory lacks_times_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_tts(const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = kHost;
  defaults.timeouts.first_byte = std::chrono::seconds(15);
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kHost)) {
    remote::require_key(keys, endpoint, "api.elevenlabs.io");
  }
  TtsOptions options = read_options(keys);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<TtsEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::elevenlabs
