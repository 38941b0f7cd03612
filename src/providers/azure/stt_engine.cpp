// SPDX-License-Identifier: MIT
#include "providers/azure/stt_engine.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "providers/azure/region.h"
#include "providers/azure/short_audio_job.h"
#include "providers/azure/speech_frames.h"
#include "providers/azure/stt_protocol.h"
#include "providers/azure/stt_request.h"
#include "providers/remote/stt_socket.h"

namespace parley::providers::azure {

namespace {

using remote::Endpoint;

// What the service takes in one request.
constexpr std::size_t kShortAudioMax = std::size_t{60} * engine::kHearingRateHz;

SttOptions read_options(SectionReader& keys) {
  SttOptions options;
  keys.text("language", options.language);
  if (!is_language_tag(options.language)) {
    keys.blame("language", "must be a language such as en-US");
  }
  keys.choice("profanity", {"raw", "masked", "removed"}, options.profanity);
  read_deployment(keys, options.deployment);
  keys.list("phrases", options.phrases);
  return options;
}

// Whole utterances, one request each.
class RestEngine final : public engine::SttEngine {
 public:
  RestEngine(Endpoint endpoint, SttOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)) {}

  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    ShortAudioPlan plan;
    plan.endpoint = endpoint_;
    plan.request.url = endpoint_->base_url + recognition_path(options_, request);
    plan.request.headers = {{"Content-Type", "audio/wav; codecs=audio/pcm; samplerate=16000"},
                            {"Accept", "application/json"}};
    add_key(*endpoint_, plan.request.headers);
    plan.request.await_first_piece = true;
    plan.utterance_max = kShortAudioMax;
    return start_short_audio(std::move(plan), loop, std::move(sink));
  }

  void warm(base::Executor& loop) override {
    net::warm_http(net::event_loop_of(loop), endpoint_->base_url + recognition_path(options_, {}),
                   endpoint_->tls);
  }
  std::string describe() const override {
    return "Azure Speech, " + options_.language + " at " + endpoint_->base_url;
  }

 private:
  const std::shared_ptr<const Endpoint> endpoint_;
  const SttOptions options_;
};

// Sound goes out as it comes, words come back as they are understood.
class StreamEngine final : public engine::SttEngine {
 public:
  StreamEngine(Endpoint endpoint, SttOptions options)
      : endpoint_(std::make_shared<const Endpoint>(std::move(endpoint))),
        options_(std::move(options)) {}

  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    constexpr std::string_view kHttp = "http";  // "https://…" becomes "wss://…"
    remote::SttPlan plan;
    plan.endpoint = endpoint_;
    plan.url =
        "ws" + endpoint_->base_url.substr(kHttp.size()) + recognition_path(options_, request);
    plan.headers = {{"X-ConnectionId", new_id()}};
    add_key(*endpoint_, plan.headers);
    plan.chunk = kChunk;
    if (const auto idle = endpoint_->timeouts.idle; idle > base::Duration::zero()) {
      plan.final_timeout = std::min(plan.final_timeout, idle);
    }
    plan.protocol = [endpoint = endpoint_, language = stt_language(options_, request.language),
                     phrases = options_.phrases] {
      return make_stt_protocol(endpoint, language, phrases);
    };
    return remote::make_stt_socket_job(std::move(plan), loop, std::move(sink));
  }

  std::string describe() const override {
    return "Azure Speech, " + options_.language + ", streamed to " + endpoint_->base_url;
  }

 private:
  static constexpr std::size_t kChunk = engine::kHearingRateHz / 20;

  const std::shared_ptr<const Endpoint> endpoint_;
  const SttOptions options_;
};

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_stt(const config::EngineSection& section) {
  constexpr std::chrono::seconds kFirstByte(15);
  SectionReader keys(section);
  Endpoint endpoint = read_speech_endpoint(keys, section, "stt", kFirstByte);
  SttOptions options = read_options(keys);
  std::string mode = "stream";
  keys.choice("mode", {"stream", "rest"}, mode);
  if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
  if (mode == "stream") {
    return std::make_unique<StreamEngine>(std::move(endpoint), std::move(options));
  }
  return std::make_unique<RestEngine>(std::move(endpoint), std::move(options));
}

}  // namespace parley::providers::azure
