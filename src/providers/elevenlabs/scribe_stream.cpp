// SPDX-License-Identifier: MIT
#include "providers/elevenlabs/scribe_stream.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "audio/base64.h"
#include "providers/remote/json_access.h"
#include "providers/remote/query.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::elevenlabs {

namespace {

using engine::Failure;
using engine::FailureKind;
using nlohmann::json;
using remote::find_member;
using remote::member_text;
using remote::SttFrame;
using remote::SttHeard;

// Written by hand: base64 needs no escaping.
SttFrame chunk(std::span<const std::int16_t> samples, bool commit) {
  std::string text = R"({"message_type":"input_audio_chunk","audio_base_64":")";
  const auto bytes = std::as_bytes(samples);
  audio::base64_encode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, text);
  text += commit ? R"(","commit":true,"sample_rate":)" : R"(","commit":false,"sample_rate":)";
  text += std::to_string(engine::kHearingRateHz) + "}";
  return {std::move(text)};
}

std::vector<engine::TokenLogprob> logprobs_of(const json& event) {
  std::vector<engine::TokenLogprob> logprobs;
  const json* words = find_member(event, "words");
  if (words == nullptr || !words->is_array()) return logprobs;
  for (const auto& word : *words) {
    const json* logprob = find_member(word, "logprob");
    if (logprob == nullptr || !logprob->is_number()) continue;
    logprobs.push_back({std::string(member_text(word, "text")), logprob->get<double>()});
  }
  return logprobs;
}

struct Trouble {
  std::string_view type;
  FailureKind kind;
};
constexpr std::array<Trouble, 13> kTroubles = {{
    {"error", FailureKind::unavailable},
    {"auth_error", FailureKind::auth},
    {"quota_exceeded", FailureKind::quota},
    {"commit_throttled", FailureKind::rate_limited},
    {"rate_limited", FailureKind::rate_limited},
    {"transcriber_error", FailureKind::unavailable},
    {"unaccepted_terms", FailureKind::auth},
    {"input_error", FailureKind::invalid_request},
    {"invalid_request", FailureKind::invalid_request},
    {"chunk_size_exceeded", FailureKind::invalid_request},
    {"queue_overflow", FailureKind::overloaded},
    {"resource_exhausted", FailureKind::overloaded},
    {"session_time_limit_exceeded", FailureKind::unavailable},
}};

class Scribe final : public remote::SttProtocol {
 public:
  Scribe(std::shared_ptr<const remote::Endpoint> endpoint, bool timed)
      : endpoint_(std::move(endpoint)), timed_(timed) {}

  void audio(std::span<const std::int16_t> samples, std::vector<SttFrame>& out) override {
    out.push_back(chunk(samples, false));
  }
  bool flush(std::vector<SttFrame>& out) override {
    out.push_back(chunk({}, true));
    committed_ = true;
    return true;
  }

  void on_text(std::string_view message, std::vector<SttHeard>& out) override {
    const json event = json::parse(message, nullptr, false);
    if (!event.is_object()) {
      return out.push_back(remote::make_failure(*endpoint_, FailureKind::protocol,
                                                "answered with something that is no JSON object"));
    }
    const std::string_view type = member_text(event, "message_type");
    const std::string_view text = member_text(event, "text");
    if (type == "partial_transcript" || type == "final_transcript") {
      return out.push_back(remote::SttInterim{std::string(text)});
    }
    // With times both come: the second has the logprobs.
    if (type == (timed_ ? "committed_transcript_with_timestamps" : "committed_transcript")) {
      out.push_back(remote::SttSettled{
          std::string(text), timed_ ? logprobs_of(event) : std::vector<engine::TokenLogprob>()});
      if (committed_) out.push_back(remote::SttFlushed{});
      return;
    }
    // Too little was said to be worth words: an answer to a commit, and none before.
    if (type == "insufficient_audio_activity") {
      if (committed_) out.push_back(remote::SttFlushed{});
      return;
    }
    on_trouble(type, member_text(event, "error"), out);
  }

 private:
  void on_trouble(std::string_view type, std::string_view reason, std::vector<SttHeard>& out) {
    const auto* trouble = std::find_if(kTroubles.begin(), kTroubles.end(),
                                       [type](const Trouble& t) { return t.type == type; });
    if (trouble == kTroubles.end()) return;  // session_started and extras
    std::string what = "failed with " + std::string(type);
    if (!reason.empty()) what.append(": ").append(reason);
    out.push_back(remote::make_failure(*endpoint_, trouble->kind, what));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const bool timed_;
  bool committed_ = false;
};

}  // namespace

std::string scribe_path(const ScribeOptions& options, const engine::SttRequest& request) {
  net::HeaderList query = {{"model_id", options.model},
                           {"audio_format", "pcm_" + std::to_string(engine::kHearingRateHz)},
                           {"commit_strategy", "manual"}};
  const std::string& language = request.language.empty() ? options.language : request.language;
  if (!language.empty()) query.emplace_back("language_code", language);
  if (request.logprobs) query.emplace_back("include_timestamps", "true");
  for (const auto& term : options.keyterms) query.emplace_back("keyterms", term);
  for (const auto& [name, value] : options.fields) {
    std::erase_if(query, [&name = name](const auto& entry) { return entry.first == name; });
    query.emplace_back(name, value);
  }
  return "/v1/speech-to-text/realtime" + remote::query_text(query);
}

std::unique_ptr<remote::SttProtocol> make_scribe_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, bool timed) {
  return std::make_unique<Scribe>(std::move(endpoint), timed);
}

}  // namespace parley::providers::elevenlabs
