// SPDX-License-Identifier: MIT
#include "providers/deepgram/stt_engine.h"

#include <string>
#include <string_view>
#include <utility>

#include "providers/deepgram/listen_stream.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"
#include "providers/remote/query.h"
#include "providers/remote/stt_line.h"
#include "providers/remote/stt_socket.h"

namespace parley::providers::deepgram {

namespace {

using remote::Endpoint;

constexpr std::string_view kHost = "https://api.deepgram.com";
constexpr int kFinalTimeoutMaxMs = 60'000;
constexpr std::size_t kChunk = engine::kHearingRateHz / 50;             // 20 ms
constexpr std::size_t kFluxChunk = engine::kHearingRateHz * 80 / 1000;  // as Flux advises

class SttEngine final : public engine::SttEngine {
 public:
  SttEngine(Endpoint endpoint, ListenOptions options, base::Duration final_timeout, bool spares)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        final_timeout_(final_timeout) {
    if (spares) spares_ = std::make_shared<remote::SttSpares>();
  }

  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    return remote::make_stt_socket_job(plan(request), loop, std::move(sink));
  }
  void warm(base::Executor& loop) override { remote::warm_stt_socket(plan({}), loop); }
  std::string describe() const override {
    return "Deepgram, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  remote::SttPlan plan(const engine::SttRequest& request) const {
    const bool flux = is_flux(options_);
    remote::SttPlan plan;
    plan.endpoint = endpoint_;
    plan.url = remote::socket_url(endpoint_->base_url) + listen_path(options_, request);
    if (!endpoint_->api_key.empty()) {
      plan.headers.emplace_back("Authorization", "Token " + endpoint_->api_key);
    }
    plan.protocol = [endpoint = endpoint_, flux, logprobs = request.logprobs] {
      return make_listen_protocol(endpoint, flux, logprobs);
    };
    plan.chunk = flux ? kFluxChunk : kChunk;
    plan.flush_on_pause = !flux;
    plan.final_timeout = final_timeout_;
    plan.spares = spares_;
    return plan;
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const ListenOptions options_;
  const base::Duration final_timeout_;
  std::shared_ptr<remote::SttSpares> spares_;
};

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = kHost;
  defaults.timeouts.first_byte = std::chrono::seconds(10);
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kHost)) {
    remote::require_key(keys, endpoint, "api.deepgram.com");
  }
  ListenOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty");
  keys.text("language", options.language);
  keys.list("keyterms", options.keyterms);
  keys.boolean("smart_format", options.smart_format);
  keys.map("fields", options.fields);
  base::Duration final_timeout = std::chrono::seconds(5);
  keys.milliseconds("final_timeout_ms", 1, kFinalTimeoutMaxMs, final_timeout);
  bool spares = true;
  keys.boolean("keep_open", spares);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<SttEngine>(std::move(endpoint), std::move(options), final_timeout,
                                     spares);
}

}  // namespace parley::providers::deepgram
