// SPDX-License-Identifier: MIT
#include "providers/openai/chat_engine.h"

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/openai/azure_url.h"
#include "providers/openai/chat_options.h"
#include "providers/openai/chat_request.h"
#include "providers/openai/chat_stream.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_job.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::openai {

namespace {

using Flavour = ChatOptions::Flavour;
using remote::Endpoint;

constexpr std::string_view kOpenaiHost = "https://api.openai.com/";

struct Preset {
  std::string_view provider;
  Flavour flavour;
  const char* base_url;
  const char* model;          // empty: must be given, or the client's counts
  base::Duration first_byte;  // a local server may have to load the model first
};
constexpr Preset kPresets[] = {
    {"openai", Flavour::openai, "https://api.openai.com/v1", "gpt-4.1-mini",
     std::chrono::seconds(30)},
    {"azure_openai", Flavour::azure, "", "", std::chrono::seconds(30)},
    {"ollama", Flavour::ollama, "http://127.0.0.1:11434/v1", "", std::chrono::seconds(120)},
    {"llamacpp", Flavour::llamacpp, "http://127.0.0.1:8080/v1", "default",
     std::chrono::seconds(120)},
    {"vllm", Flavour::vllm, "http://127.0.0.1:8000/v1", "", std::chrono::seconds(120)},
};

const Preset& preset_of(const std::string& provider) {
  for (const auto& preset : kPresets) {
    if (preset.provider == provider) return preset;
  }
  return kPresets[0];
}

// "https://host:1" -> true
bool has_no_path(std::string_view url) {
  const std::size_t host = url.find("://");
  return host != std::string_view::npos && url.find('/', host + 3) == std::string_view::npos;
}

Endpoint read_chat_endpoint(SectionReader& keys, const config::EngineSection& section,
                            const Preset& preset) {
  Endpoint defaults;
  defaults.base_url = preset.base_url;
  defaults.timeouts.first_byte = preset.first_byte;
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  // These two are usually named by their address alone.
  const bool local = preset.flavour == Flavour::ollama || preset.flavour == Flavour::llamacpp;
  if (local && has_no_path(endpoint.base_url)) endpoint.base_url += "/v1";
  if (endpoint.base_url.starts_with(kOpenaiHost)) {
    remote::require_key(keys, endpoint, "api.openai.com");
  }
  return endpoint;
}

void read_audio(SectionReader& keys, ChatOptions& options) {
  bool hears = false;
  std::string form = options.flavour == Flavour::vllm ? "audio_url" : "input_audio";
  keys.boolean("audio_input", hears);
  keys.choice("audio_input_format", {"input_audio", "data_url", "audio_url"}, form);
  if (hears) {
    using Input = ChatOptions::AudioInput;
    options.audio_input = form == "audio_url"  ? Input::audio_url
                          : form == "data_url" ? Input::data_url
                                               : Input::base64;
  }
  keys.boolean("audio_output", options.audio_output);
  options.audio_format = options.flavour == Flavour::vllm ? "wav" : "pcm16";
  keys.choice("audio_output_format", {"pcm16", "wav"}, options.audio_format);
  keys.text("voice", options.voice);
}

ChatOptions read_options(SectionReader& keys, const Preset& preset, const Endpoint& endpoint) {
  ChatOptions options;
  options.flavour = preset.flavour;
  options.model = preset.model;
  keys.text("model", options.model);
  if (preset.flavour == Flavour::azure) {
    keys.text("deployment", options.deployment);
    keys.text("api_version", options.api_version);
    if (options.deployment.empty()) options.deployment = options.model;
    if (options.deployment.empty()) keys.blame("deployment", "is missing");
  } else if (options.model.empty()) {
    keys.blame("model", "is missing: which of the server's models?");
  }
  const bool hosted =
      preset.flavour == Flavour::azure || endpoint.base_url.starts_with(kOpenaiHost);
  if (hosted) options.limit_name = "max_completion_tokens";
  keys.choice("limit_name", {"max_tokens", "max_completion_tokens"}, options.limit_name);
  options.max_tokens = remote::read_max_tokens(keys);
  options.temperature = remote::read_temperature(keys);
  keys.text("reasoning_effort", options.reasoning_effort);
  if (keys.has("thinking")) {
    bool thinking = true;
    keys.boolean("thinking", thinking);
    options.thinking = thinking;
  }
  if (preset.flavour == Flavour::ollama) keys.text("keep_alive", options.keep_alive);
  read_audio(keys, options);
  remote::read_extra_body(keys, options.extra_body);
  return options;
}

std::string url_of(const Endpoint& endpoint, const ChatOptions& options) {
  constexpr std::string_view kPath = "/chat/completions";
  if (options.flavour != Flavour::azure) return std::string(endpoint.base_url).append(kPath);
  return azure_url(endpoint.base_url, options.deployment, options.api_version, kPath);
}

class ChatEngine final : public engine::LlmEngine {
 public:
  ChatEngine(Endpoint endpoint, ChatOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(url_of(*endpoint_, options_)) {}

  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    remote::LlmPlan plan;
    plan.endpoint = endpoint_;
    plan.request = worded(request);
    const bool speaks = request.speak && options_.audio_output;
    plan.decoder = [endpoint = endpoint_, speaks] {
      return std::make_unique<ChatStream>(endpoint, speaks);
    };
    plan.reword = [this, request = std::move(request)](
                      const engine::Failure& failure) -> std::optional<remote::RemoteRequest> {
      if (!learn(failure)) return std::nullopt;
      return worded(request);
    };
    return remote::start_llm(std::move(plan), loop, std::move(sink));
  }

  engine::LlmTraits traits() const override {
    return {options_.audio_input != ChatOptions::AudioInput::none, options_.audio_output};
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    const std::string& model = options_.deployment.empty() ? options_.model : options_.deployment;
    return "chat completions, model " + model + " at " + endpoint_->base_url;
  }

 private:
  remote::RemoteRequest worded(const engine::LlmRequest& request) {
    remote::RemoteRequest http;
    http.url = url_;
    http.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!endpoint_->api_key.empty()) {
      if (options_.flavour == Flavour::azure) {
        http.headers.emplace_back("api-key", endpoint_->api_key);
      } else {
        http.headers.emplace_back("Authorization", "Bearer " + endpoint_->api_key);
      }
    }
    const std::lock_guard lock(mutex_);
    http.body = chat_request(options_, request, refused_);
    http.await_first_piece = true;
    return http;
  }

  // Servers refuse parameters that they do not know. The answer is worth more than the parameter,
  // and the next request need not ask again.
  bool learn(const engine::Failure& failure) {
    if (failure.kind != engine::FailureKind::invalid_request) return false;
    const std::lock_guard lock(mutex_);
    const std::string name = refused_parameter(failure.message, refused_);
    return !name.empty() && refused_.insert(name).second;
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const ChatOptions options_;
  const std::string url_;
  std::mutex mutex_;
  std::set<std::string> refused_;
};

}  // namespace

base::Result<std::unique_ptr<engine::LlmEngine>> make_chat(const config::EngineSection& section) {
  SectionReader keys(section);
  const Preset& preset = preset_of(section.provider);
  Endpoint endpoint = read_chat_endpoint(keys, section, preset);
  ChatOptions options = read_options(keys, preset, endpoint);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<ChatEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::openai
