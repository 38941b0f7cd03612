// SPDX-License-Identifier: MIT
#include "providers/elevenlabs/scribe_engine.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "providers/elevenlabs/scribe_stream.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_keys.h"
#include "providers/remote/query.h"
#include "providers/remote/stt_socket.h"

namespace parley::providers::elevenlabs {

namespace {

using remote::Endpoint;

constexpr std::string_view kHost = "https://api.elevenlabs.io";
constexpr int kFinalTimeoutMaxMs = 60'000;
constexpr std::size_t kChunk = engine::kHearingRateHz / 20;  // 50 ms; 20 to 100 are advised
constexpr std::size_t kKeytermsMax = 50;
constexpr std::size_t kKeytermBytesMax = 80;  // 20 characters

void read_keyterms(SectionReader& keys, std::vector<std::string>& keyterms) {
  keys.list("keyterms", keyterms);
  if (keyterms.size() > kKeytermsMax) keys.blame("keyterms", "has more than 50 terms");
  if (std::any_of(keyterms.begin(), keyterms.end(),
                  [](const auto& term) { return term.size() > kKeytermBytesMax; })) {
    keys.blame("keyterms", "has a term of more than 20 characters");
  }
}

// Scribe greets its client and has no message that keeps an idle connection open, so none is opened
// ahead of need.
class ScribeEngine final : public engine::SttEngine {
 public:
  ScribeEngine(Endpoint endpoint, ScribeOptions options, base::Duration final_timeout)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)),
        final_timeout_(final_timeout) {}

  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    remote::SttPlan plan;
    plan.endpoint = endpoint_;
    plan.url = remote::socket_url(endpoint_->base_url) + scribe_path(options_, request);
    if (!endpoint_->api_key.empty()) plan.headers.emplace_back("xi-api-key", endpoint_->api_key);
    plan.protocol = [endpoint = endpoint_, timed = request.logprobs] {
      return make_scribe_protocol(endpoint, timed);
    };
    plan.chunk = kChunk;
    plan.final_timeout = final_timeout_;
    return remote::make_stt_socket_job(std::move(plan), loop, std::move(sink));
  }
  std::string describe() const override {
    return "ElevenLabs Scribe, model " + options_.model + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const ScribeOptions options_;
  const base::Duration final_timeout_;
};

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_scribe(const config::EngineSection& section) {
  SectionReader keys(section);
  Endpoint defaults;
  defaults.base_url = kHost;
  defaults.timeouts.first_byte = std::chrono::seconds(10);
  Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (endpoint.base_url.starts_with(kHost)) {
    remote::require_key(keys, endpoint, "api.elevenlabs.io");
  }
  ScribeOptions options;
  keys.text("model", options.model);
  if (options.model.empty()) keys.blame("model", "is empty");
  keys.text("language", options.language);
  read_keyterms(keys, options.keyterms);
  keys.map("fields", options.fields);
  base::Duration final_timeout = std::chrono::seconds(3);
  keys.milliseconds("final_timeout_ms", 1, kFinalTimeoutMaxMs, final_timeout);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  return std::make_unique<ScribeEngine>(std::move(endpoint), std::move(options), final_timeout);
}

}  // namespace parley::providers::elevenlabs
