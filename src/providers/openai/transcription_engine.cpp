// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_engine.h"

#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/openai/azure_url.h"
#include "providers/openai/transcription_job.h"
#include "providers/openai/transcription_request.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::openai {

namespace {

using Flavour = TranscriptionOptions::Flavour;
using Upload = TranscriptionOptions::Upload;
using remote::Endpoint;

constexpr std::string_view kOpenaiHost = "https://api.openai.com/";
constexpr std::string_view kGroqHost = "https://api.groq.com/";
constexpr std::string_view kPath = "/audio/transcriptions";
// Older releases of whisper.cpp hear nothing in less than a second.
constexpr std::size_t kWhispercppSamplesMin = engine::kHearingRateHz * 11 / 10;
// 25 MB, which OpenAI and others accept at most, are 13 minutes of WAV.
constexpr int kUtteranceMaxS = 600;

struct Preset {
  std::string_view provider;
  Flavour flavour;
  const char* base_url;
  const char* model;          // empty: none is sent
  base::Duration first_byte;  // a local server may have to load the model first
  int max_concurrency = 0;    // requests at a time; 0: as many as there are
};
constexpr Preset kPresets[] = {
    {"openai", Flavour::openai, "https://api.openai.com/v1", "gpt-4o-mini-transcribe",
     std::chrono::seconds(15)},
    {"azure_openai", Flavour::azure, "", "", std::chrono::seconds(15)},
    {"groq", Flavour::groq, "https://api.groq.com/openai/v1", "whisper-large-v3-turbo",
     std::chrono::seconds(15)},
    {"speaches", Flavour::speaches, "http://127.0.0.1:8000/v1", "Systran/faster-whisper-small",
     std::chrono::seconds(60)},
    {"vllm", Flavour::vllm, "http://127.0.0.1:8000/v1", "", std::chrono::seconds(60)},
    {"whispercpp", Flavour::whispercpp, "http://127.0.0.1:8080", "", std::chrono::seconds(60), 1},
};

const Preset& preset_of(const std::string& provider) {
  for (const auto& preset : kPresets) {
    if (preset.provider == provider) return preset;
  }
  return kPresets[0];
}

Endpoint read_transcription_endpoint(SectionReader& keys, const config::EngineSection& section,
                                     const Preset& preset) {
  Endpoint defaults;
  defaults.base_url = preset.base_url;
  defaults.timeouts.first_byte = preset.first_byte;
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kOpenaiHost)) {
    remote::require_key(keys, endpoint, "api.openai.com");
  }
  if (endpoint.base_url.starts_with(kGroqHost)) {
    remote::require_key(keys, endpoint, "api.groq.com");
  }
  return endpoint;
}

void read_model(SectionReader& keys, const Preset& preset, const Endpoint& endpoint,
                TranscriptionOptions& options) {
  options.model = preset.model;
  options.clients_model = preset.flavour == Flavour::openai && !keys.has("model") &&
                          endpoint.base_url.starts_with(kOpenaiHost);
  keys.text("model", options.model);
  if (preset.flavour != Flavour::azure) return;
  keys.text("deployment", options.deployment);
  keys.text("api_version", options.api_version);
  if (options.deployment.empty()) options.deployment = options.model;
  if (options.deployment.empty()) keys.blame("deployment", "is missing");
}

TranscriptionOptions read_options(SectionReader& keys, const Preset& preset,
                                  const Endpoint& endpoint) {
  TranscriptionOptions options;
  options.flavour = preset.flavour;
  read_model(keys, preset, endpoint, options);
  keys.text("language", options.language);
  keys.text("prompt", options.prompt);
  options.temperature = remote::read_temperature(keys);
  std::string stream = "auto";
  keys.choice("stream", {"auto", "true", "false"}, stream);
  if (stream != "auto") options.stream = stream == "true";
  std::string format = "auto";
  keys.choice("response_format", {"auto", "json", "verbose_json"}, format);
  if (format != "auto") options.response_format = format;
  std::string upload = "wav";
  keys.choice("upload", {"wav", "webm"}, upload);
  options.upload = upload == "webm" ? Upload::webm : Upload::wav;
  keys.map("fields", options.fields);
  return options;
}

std::string url_of(SectionReader& keys, const Endpoint& endpoint,
                   const TranscriptionOptions& options) {
  switch (options.flavour) {
    case Flavour::azure:
      return azure_url(endpoint.base_url, options.deployment, options.api_version, kPath);
    case Flavour::whispercpp: {
      std::string path = "/inference";
      keys.text("path", path);
      if (!path.starts_with('/')) keys.blame("path", "must begin with a slash");
      return endpoint.base_url + path;
    }
    case Flavour::openai:
    case Flavour::groq:
    case Flavour::speaches:
    case Flavour::vllm:
      break;
  }
  return endpoint.base_url + std::string(kPath);
}

class TranscriptionEngine final : public engine::SttEngine {
 public:
  TranscriptionEngine(Endpoint endpoint, TranscriptionOptions options, std::string url,
                      int utterance_max_s, int max_concurrency)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(std::move(url)),
        utterance_max_(static_cast<std::size_t>(utterance_max_s) * engine::kHearingRateHz) {
    if (max_concurrency > 0) queue_ = std::make_shared<TranscriptionQueue>(max_concurrency);
  }

  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    TranscriptionPlan plan;
    plan.endpoint = endpoint_;
    plan.queue = queue_;
    plan.webm = options_.upload == Upload::webm;
    if (options_.flavour == Flavour::whispercpp) plan.samples_min = kWhispercppSamplesMin;
    plan.utterance_max = utterance_max_;
    plan.logprobs = manner_of(options_, request).logprobs;
    plan.request = [this, request = std::move(request)](std::string_view file) {
      return worded(request, file);
    };
    return start_transcription(std::move(plan), loop, std::move(sink));
  }

  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    const std::string& model = options_.deployment.empty() ? options_.model : options_.deployment;
    return "transcriptions" + (model.empty() ? std::string() : ", model " + model) + " at " +
           endpoint_->base_url;
  }

 private:
  remote::RemoteRequest worded(const engine::SttRequest& request, std::string_view file) const {
    net::Form form = transcription_form(options_, request, file);
    remote::RemoteRequest http;
    http.url = url_;
    http.headers = {{"Content-Type", std::move(form.content_type)},
                    {"Accept", "application/json, text/event-stream"}};
    if (!endpoint_->api_key.empty()) {
      if (options_.flavour == Flavour::azure) {
        http.headers.emplace_back("api-key", endpoint_->api_key);
      } else {
        http.headers.emplace_back("Authorization", "Bearer " + endpoint_->api_key);
      }
    }
    http.body = std::move(form.body);
    http.await_first_piece = true;
    return http;
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const TranscriptionOptions options_;
  const std::string url_;
  const std::size_t utterance_max_;
  std::shared_ptr<TranscriptionQueue> queue_;  // null: without limit
};

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_transcription(
    const config::EngineSection& section) {
  SectionReader keys(section);
  const Preset& preset = preset_of(section.provider);
  Endpoint endpoint = read_transcription_endpoint(keys, section, preset);
  TranscriptionOptions options = read_options(keys, preset, endpoint);
  std::string url = url_of(keys, endpoint, options);
  int utterance_max_s = kUtteranceMaxS;
  keys.integer("utterance_max_s", 1, 3600, utterance_max_s);
  int max_concurrency = preset.max_concurrency;
  keys.integer("max_concurrency", 0, 10000, max_concurrency);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<TranscriptionEngine>(std::move(endpoint), std::move(options),
                                               std::move(url), utterance_max_s, max_concurrency);
}

}  // namespace parley::providers::openai
