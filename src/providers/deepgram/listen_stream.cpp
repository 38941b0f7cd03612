// SPDX-License-Identifier: MIT
#include "providers/deepgram/listen_stream.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "providers/remote/json_access.h"
#include "providers/remote/query.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::deepgram {

namespace {

using engine::Failure;
using engine::FailureKind;
using nlohmann::json;
using remote::find_member;
using remote::member_text;
using remote::SttFrame;
using remote::SttHeard;

bool is_true(const json* value) {
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const json* first_of(const json* list) {
  return list != nullptr && list->is_array() && !list->empty() ? &list->front() : nullptr;
}

std::vector<engine::TokenLogprob> logprobs_of(const json& said) {
  std::vector<engine::TokenLogprob> logprobs;
  const json* words = find_member(said, "words");
  if (words == nullptr || !words->is_array()) return logprobs;
  for (const auto& word : *words) {
    const json* confidence = find_member(word, "confidence");
    if (confidence == nullptr || !confidence->is_number()) continue;
    const double share = confidence->get<double>();
    if (!(share > 0 && share <= 1)) continue;
    std::string_view token = member_text(word, "punctuated_word");
    if (token.empty()) token = member_text(word, "word");
    logprobs.push_back({std::string(token), std::log(share)});
  }
  return logprobs;
}

// Samples as they lie in memory: linear16 is little-endian, and so is every machine that we run on.
SttFrame audio_frame(std::span<const std::int16_t> samples) {
  const auto bytes = std::as_bytes(samples);
  return {std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), true};
}

class Protocol : public remote::SttProtocol {
 public:
  Protocol(std::shared_ptr<const remote::Endpoint> endpoint, bool logprobs)
      : endpoint_(std::move(endpoint)), logprobs_(logprobs) {}

  void audio(std::span<const std::int16_t> samples, std::vector<SttFrame>& out) override {
    out.push_back(audio_frame(samples));
  }

  void on_text(std::string_view message, std::vector<SttHeard>& out) final {
    const json event = json::parse(message, nullptr, false);
    if (!event.is_object()) {
      return out.push_back(remote::make_failure(*endpoint_, FailureKind::protocol,
                                                "answered with something that is no JSON object"));
    }
    const std::string_view type = member_text(event, "type");
    if (type == "Error") return out.push_back(error_of(event));
    on_event(type, event, out);
  }

  // Deepgram's own codes are in the reason: "NET-0001: …".
  std::optional<Failure> on_closed(int, std::string_view reason) final {
    if (reason.starts_with("DATA-")) return closed(FailureKind::invalid_request, reason);
    if (reason.starts_with("NET-0001")) return closed(FailureKind::timeout, reason);
    return std::nullopt;
  }

 protected:
  virtual void on_event(std::string_view type, const json& event, std::vector<SttHeard>& out) = 0;

  remote::SttSettled settled(std::string_view text, const json& said) const {
    return {std::string(text), logprobs_ ? logprobs_of(said) : std::vector<engine::TokenLogprob>()};
  }

 private:
  Failure closed(FailureKind kind, std::string_view reason) const {
    return remote::make_failure(*endpoint_, kind, "closed the connection: " + std::string(reason));
  }
  Failure error_of(const json& event) const {
    std::string what = "failed";
    for (const char* part : {"code", "description", "message"}) {
      const std::string_view text = member_text(event, part);
      if (!text.empty()) what.append(": ").append(text);
    }
    return remote::make_failure(*endpoint_, FailureKind::unavailable, what);
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const bool logprobs_;
};

class Listen final : public Protocol {
 public:
  using Protocol::Protocol;

  bool flush(std::vector<SttFrame>& out) override {
    out.push_back({R"({"type":"Finalize"})"});
    return true;
  }
  // Also makes an end when a Finalize found too little sound to be answered.
  void end(std::vector<SttFrame>& out) override {
    out.push_back({R"({"type":"CloseStream"})"});
    ended_ = true;
  }
  std::optional<SttFrame> keep_alive() override { return SttFrame{R"({"type":"KeepAlive"})"}; }

 private:
  void on_event(std::string_view type, const json& event, std::vector<SttHeard>& out) override {
    if (type == "Metadata" && ended_) return out.push_back(remote::SttEnded{});
    if (type != "Results") return;
    const json* channel = find_member(event, "channel");
    const json* said =
        channel == nullptr ? nullptr : first_of(find_member(*channel, "alternatives"));
    if (said != nullptr) {
      const std::string_view text = member_text(*said, "transcript");
      if (is_true(find_member(event, "is_final"))) {
        out.push_back(settled(text, *said));
      } else {
        out.push_back(remote::SttInterim{std::string(text)});
      }
    }
    if (is_true(find_member(event, "from_finalize"))) out.push_back(remote::SttFlushed{});
  }

  bool ended_ = false;
};

// Each of Flux's turns is a segment of ours.
class Flux final : public Protocol {
 public:
  using Protocol::Protocol;

  // The first is answered only inside a turn; the second always, by closing.
  void end(std::vector<SttFrame>& out) override {
    out.push_back({R"({"type":"ForceEndTurn"})"});
    out.push_back({R"({"type":"CloseStream"})"});
    ended_ = true;
  }
  bool ends_by_closing() const override { return true; }

 private:
  void on_event(std::string_view type, const json& event, std::vector<SttHeard>& out) override {
    if (type != "TurnInfo") return;
    const std::string_view text = member_text(event, "transcript");
    if (member_text(event, "event") != "EndOfTurn") {
      return out.push_back(remote::SttInterim{std::string(text)});
    }
    out.push_back(settled(text, event));
    if (ended_ && member_text(event, "trigger") == "manual") out.push_back(remote::SttEnded{});
  }

  bool ended_ = false;
};

}  // namespace

bool is_flux(const ListenOptions& options) { return options.model.starts_with("flux-"); }

std::string listen_path(const ListenOptions& options, const engine::SttRequest& request) {
  const bool flux = is_flux(options);
  net::HeaderList query = {{"model", options.model},
                           {"encoding", "linear16"},
                           {"sample_rate", std::to_string(engine::kHearingRateHz)}};
  const std::string& language = request.language.empty() ? options.language : request.language;
  if (flux) {
    // Only the multilingual one takes a hint.
    if (!language.empty() && options.model.ends_with("-multi")) {
      query.emplace_back("language_hint", language);
    }
  } else {
    query.emplace_back("channels", "1");
    query.emplace_back("interim_results", "true");
    query.emplace_back("punctuate", "true");
    if (options.smart_format) query.emplace_back("smart_format", "true");
    if (!language.empty()) query.emplace_back("language", language);
  }
  // Older models know keywords only.
  const bool keyterms = flux || options.model.starts_with("nova-3");
  for (const auto& term : options.keyterms) {
    query.emplace_back(keyterms ? "keyterm" : "keywords", term);
  }
  for (const auto& [name, value] : options.fields) {
    std::erase_if(query, [&name = name](const auto& entry) { return entry.first == name; });
    query.emplace_back(name, value);
  }
  return (flux ? "/v2/listen" : "/v1/listen") + remote::query_text(query);
}

std::unique_ptr<remote::SttProtocol> make_listen_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, bool flux, bool logprobs) {
  if (flux) return std::make_unique<Flux>(std::move(endpoint), logprobs);
  return std::make_unique<Listen>(std::move(endpoint), logprobs);
}

}  // namespace parley::providers::deepgram
