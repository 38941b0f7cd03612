// SPDX-License-Identifier: MIT
#include "providers/anthropic/messages_engine.h"

#include <string>
#include <utility>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/anthropic/messages_request.h"
#include "providers/anthropic/messages_stream.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_job.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::anthropic {

namespace {

using remote::Endpoint;

class MessagesEngine final : public engine::LlmEngine {
 public:
  MessagesEngine(Endpoint endpoint, MessagesOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(endpoint_->base_url +
             (endpoint_->base_url.ends_with("/v1") ? "/messages" : "/v1/messages")) {}

  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    remote::LlmPlan plan;
    plan.endpoint = endpoint_;
    plan.request.url = url_;
    plan.request.headers = {{"Content-Type", "application/json"},
                            {"Accept", "text/event-stream"},
                            {"anthropic-version", options_.version}};
    if (!endpoint_->api_key.empty()) {
      plan.request.headers.emplace_back("x-api-key", endpoint_->api_key);
    }
    plan.request.body = messages_request(options_, request);
    plan.request.await_first_piece = true;
    plan.decoder = [endpoint = endpoint_] { return std::make_unique<MessagesStream>(endpoint); };
    return remote::start_llm(std::move(plan), loop, std::move(sink));
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    return "messages, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const MessagesOptions options_;
  const std::string url_;
};

}  // namespace

base::Result<std::unique_ptr<engine::LlmEngine>> make_messages(
    const config::EngineSection& section) {
  constexpr int kTokensMax = 1'000'000;
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = "https://api.anthropic.com";
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with("https://api.anthropic.com")) {
    remote::require_key(keys, endpoint, "api.anthropic.com");
  }
  MessagesOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is missing: which of the service's models?");
  keys.text("version", options.version);
  keys.integer("max_tokens", 1, kTokensMax, options.max_tokens);
  options.temperature = remote::read_temperature(keys);
  remote::read_extra_body(keys, options.extra_body);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<MessagesEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::anthropic
