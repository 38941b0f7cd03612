// SPDX-License-Identifier: MIT
#include "providers/openai/responses_engine.h"

#include <string>
#include <utility>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/openai/responses_request.h"
#include "providers/openai/responses_stream.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_job.h"
#include "providers/remote/llm_keys.h"

namespace parley::providers::openai {

namespace {

using remote::Endpoint;

class ResponsesEngine final : public engine::LlmEngine {
 public:
  ResponsesEngine(Endpoint endpoint, ResponsesOptions options, bool azure)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        url_(endpoint_->base_url + "/responses"),
        azure_(azure) {}

  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    remote::LlmPlan plan;
    plan.endpoint = endpoint_;
    plan.request.url = url_;
    plan.request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!endpoint_->api_key.empty()) {
      if (azure_)
        plan.request.headers.emplace_back("api-key", endpoint_->api_key);
      else
        plan.request.headers.emplace_back("Authorization", "Bearer " + endpoint_->api_key);
    }
    plan.request.body = responses_request(options_, request);
    plan.request.await_first_piece = true;
    plan.decoder = [endpoint = endpoint_] { return std::make_unique<ResponsesStream>(endpoint); };
    return remote::start_llm(std::move(plan), loop, std::move(sink));
  }
  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), url_, endpoint_->tls);
  }
  std::string describe() const override {
    return "responses, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const ResponsesOptions options_;
  const std::string url_;
  const bool azure_;
};

}  // namespace

base::Result<std::unique_ptr<engine::LlmEngine>> make_responses(
    const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = "https://api.openai.com/v1";
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with("https://api.openai.com/")) {
    remote::require_key(keys, endpoint, "api.openai.com");
  }
  ResponsesOptions options;
  options.model = "gpt-4.1-mini";
  keys.text("model", options.model);
  options.max_tokens = remote::read_max_tokens(keys);
  options.temperature = remote::read_temperature(keys);
  keys.text("reasoning_effort", options.reasoning_effort);
  remote::read_extra_body(keys, options.extra_body);
  bool azure = endpoint.base_url.find(".azure.com") != std::string::npos;
  std::string auth = azure ? "api-key" : "bearer";
  keys.choice("auth", {"bearer", "api-key"}, auth);
  azure = auth == "api-key";
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<ResponsesEngine>(std::move(endpoint), std::move(options), azure);
}

}  // namespace parley::providers::openai
