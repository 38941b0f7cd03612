// SPDX-License-Identifier: MIT
// Source: github.com/microsoft/cognitive-services-speech-sdk-js, ServiceRecognizerBase.
#include "providers/azure/stt_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "audio/wav.h"
#include "providers/azure/speech_frames.h"
#include "providers/azure/stt_phrase.h"
#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::azure {

namespace {

using engine::FailureKind;
using nlohmann::json;
using remote::SttFrame;
using remote::SttHeard;

constexpr std::size_t kReplayMax = std::size_t{60} * engine::kHearingRateHz;  // samples
constexpr std::size_t kReplayFrame = engine::kHearingRateHz / 10;
constexpr std::int64_t kTicksPerSecond = 10'000'000;
constexpr int kFruitlessTurnsMax = 3;

// A header for sound of unknown length: both of its sizes are 0.
std::string wav_header() {
  constexpr std::size_t kSizeAt = 4;
  std::string header = audio::write_wav({}, engine::kHearingRateHz);
  return header.replace(kSizeAt, kSizeAt, kSizeAt, '\0');
}

std::string bytes_of(std::span<const std::int16_t> samples) {
  std::string bytes;
  bytes.reserve(samples.size() * 2);
  for (const std::int16_t sample : samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    bytes += static_cast<char>(bits & 0xffU);
    bytes += static_cast<char>(bits >> 8U);
  }
  return bytes;
}

// A count of ticks; the service writes some as text.
std::int64_t ticks_in(const json& message, const char* name) {
  const json* value = remote::find_member(message, name);
  if (value == nullptr) return 0;
  if (value->is_number()) {
    const auto ticks = value->get<double>();
    return ticks > 0 && ticks < 1e15 ? static_cast<std::int64_t>(ticks) : 0;
  }
  std::int64_t ticks = 0;
  const std::string_view text = remote::text_of(value);
  std::from_chars(text.data(), text.data() + text.size(), ticks);
  return std::clamp<std::int64_t>(ticks, 0, 1'000'000'000'000'000);
}

class Protocol final : public remote::SttProtocol {
 public:
  Protocol(std::shared_ptr<const remote::Endpoint> endpoint, std::string language,
           std::vector<std::string> phrases)
      : endpoint_(std::move(endpoint)),
        language_(std::move(language)),
        phrases_(std::move(phrases)) {}

  void open(std::vector<SttFrame>& out) override {
    request_id_ = new_id();
    const json config = {
        {"context",
         {{"system",
           {{"name", "SpeechSDK"}, {"version", "1.0"}, {"build", "CPP"}, {"lang", "C++"}}},
          {"os", {{"platform", "Linux"}, {"name", "parley"}, {"version", "1"}}}}}};
    out.push_back({text_frame("speech.config", request_id_, config.dump()), false});
    begin_turn(out);
  }

  void audio(std::span<const std::int16_t> samples, std::vector<SttFrame>& out) override {
    if (state_ == State::over) begin_turn(out);
    unsettled_.insert(unsettled_.end(), samples.begin(), samples.end());
    if (unsettled_.size() > kReplayMax) drop(unsettled_.size() - kReplayMax);
    if (state_ == State::open) {
      out.push_back({audio_frame(request_id_, {}, bytes_of(samples)), true});
    }
  }

  void end(std::vector<SttFrame>& out) override {
    ended_ = true;
    if (state_ == State::over) begin_turn(out);
    if (state_ == State::open) out.push_back({audio_frame(request_id_, {}, {}), true});
  }

  void on_text(std::string_view frame, std::vector<SttHeard>& out) override {
    const auto message = read_text_frame(frame);
    if (!message) return fail("sent a message without a path", out);
    if (message->request_id != request_id_) return;  // of a former turn, or not for us
    if (message->path == "speech.hypothesis" || message->path == "speech.fragment") {
      on_hypothesis(message->body, out);
    } else if (message->path == "speech.phrase") {
      on_phrase(message->body, out);
    } else if (message->path == "speech.enddetected") {
      if (state_ == State::open) state_ = State::closing;
    } else if (message->path == "turn.end") {
      on_turn_end(out);
    }
  }

  std::optional<engine::Failure> on_closed(int code, std::string_view reason) override {
    constexpr std::array<int, 4> kPermanent = {1002, 1003, 1007, 4000};
    if (std::find(kPermanent.begin(), kPermanent.end(), code) == kPermanent.end()) return {};
    std::string what = "refused the request (" + std::to_string(code) + ")";
    if (!reason.empty()) what.append(": ").append(reason);
    return remote::make_failure(*endpoint_, FailureKind::invalid_request, what);
  }

 private:
  // closing: the service takes no more of this turn, and has not yet ended it.
  enum class State : std::uint8_t { open, closing, over };

  // With all sound that no phrase covers.
  void begin_turn(std::vector<SttFrame>& out) {
    if (turns_++ > 0) request_id_ = new_id();
    state_ = State::open;
    turn_begin_ = settled_;
    json context = {{"phraseDetection", {{"mode", "Conversation"}, {"language", language_}}}};
    if (!phrases_.empty()) {
      json items = json::array();
      for (const auto& phrase : phrases_) items.push_back({{"text", phrase}});
      const json group = {{"type", "Generic"}, {"items", std::move(items)}};
      context["dgi"] = {{"groups", json::array({group})}};
    }
    const std::string text = context.dump(-1, ' ', false, json::error_handler_t::replace);
    out.push_back({text_frame("speech.context", request_id_, text), false});
    out.push_back({audio_frame(request_id_, "audio/x-wav", wav_header()), true});
    const std::span<const std::int16_t> all = unsettled_;
    for (std::size_t at = 0; at < all.size(); at += kReplayFrame) {
      const auto piece = all.subspan(at, std::min(kReplayFrame, all.size() - at));
      out.push_back({audio_frame(request_id_, {}, bytes_of(piece)), true});
    }
  }

  void on_hypothesis(std::string_view body, std::vector<SttHeard>& out) const {
    const json message = json::parse(body, nullptr, false);
    if (!message.is_object()) return fail("sent what is no JSON", out);
    out.emplace_back(remote::SttInterim{std::string(remote::member_text(message, "Text"))});
  }

  void on_phrase(std::string_view body, std::vector<SttHeard>& out) {
    auto words = read_phrase(*endpoint_, body);
    if (!words) {
      out.emplace_back(std::move(words.error()));
      return;
    }
    const json message = json::parse(body, nullptr, false);
    const std::int64_t ticks = ticks_in(message, "Offset") + ticks_in(message, "Duration");
    const auto end =
        turn_begin_ + static_cast<std::size_t>(ticks * engine::kHearingRateHz / kTicksPerSecond);
    if (end > settled_) drop(std::min(end - settled_, unsettled_.size()));
    fruitless_turns_ = 0;
    out.emplace_back(remote::SttSettled{std::move(*words)});
  }

  void on_turn_end(std::vector<SttHeard>& out) {
    if (ended_) {
      out.emplace_back(remote::SttEnded{});
      return;
    }
    state_ = State::over;
    if (++fruitless_turns_ > kFruitlessTurnsMax) {
      out.emplace_back(remote::make_failure(*endpoint_, FailureKind::unavailable,
                                            "ends every turn before it heard anything"));
    }
  }

  void drop(std::size_t samples) {
    unsettled_.erase(unsettled_.begin(), unsettled_.begin() + static_cast<std::ptrdiff_t>(samples));
    settled_ += samples;
  }

  void fail(std::string_view what, std::vector<SttHeard>& out) const {
    out.emplace_back(remote::make_failure(*endpoint_, FailureKind::protocol, what));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const std::string language_;
  const std::vector<std::string> phrases_;
  std::string request_id_;  // of the current turn
  State state_ = State::open;
  std::vector<std::int16_t> unsettled_;  // sound that no phrase covers yet
  std::size_t settled_ = 0;              // samples before it, since the connection opened
  std::size_t turn_begin_ = 0;           // where the current turn's times count from
  int turns_ = 0;
  int fruitless_turns_ = 0;  // in a row
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<remote::SttProtocol> make_stt_protocol(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string language,
    std::vector<std::string> phrases) {
  return std::make_unique<Protocol>(std::move(endpoint), std::move(language), std::move(phrases));
}

}  // namespace parley::providers::azure
