// SPDX-License-Identifier: MIT
// Source: docs.cartesia.ai/api-reference/tts/sse
#include "providers/cartesia/tts_stream.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "audio/base64.h"
#include "providers/openai/speech_timed.h"
#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"

namespace parley::providers::cartesia {

namespace {

using engine::FailureKind;
using engine::TtsEvent;
using nlohmann::json;

constexpr double kMsPerSecond = 1000;

class Decoder final : public openai::SpeechDecoder {
 public:
  Decoder(std::shared_ptr<const remote::Endpoint> endpoint, std::string text, int rate_hz)
      : endpoint_(std::move(endpoint)), sound_(std::move(text), rate_hz, true) {}

  void on_message(std::string_view text, std::vector<TtsEvent>& out) override {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) return fail(FailureKind::protocol, "sent text that is no JSON", out);
    const std::string_view type = remote::member_text(message, "type");
    if (type == "chunk") {
      std::vector<std::uint8_t> bytes;
      if (!audio::base64_decode(remote::member_text(message, "data"), bytes)) {
        return fail(FailureKind::protocol, "sent sound that is not base64", out);
      }
      sound_.add_sound(bytes, out);
    } else if (type == "timestamps") {
      take_words(message);
    } else if (type == "done") {
      sound_.finish(out);
      if (!sound_.heard()) return fail(FailureKind::unavailable, "answered without any sound", out);
      out.emplace_back(engine::TtsDone{});
    } else if (type == "error" || type.empty()) {
      take_error(message, text, out);
    }
    // Others (flush_done, phoneme_timestamps, those to come) are of no interest.
  }

  void on_end(std::vector<TtsEvent>& out) override {
    sound_.finish(out);
    fail(FailureKind::unavailable, "ended its answer too early", out);
  }

  void on_break(std::vector<TtsEvent>& out) override {
    if (sound_.holds_back()) sound_.finish(out);
  }

 private:
  void take_words(const json& message) {
    const auto* told = remote::find_member(message, "word_timestamps");
    if (told == nullptr) return;
    const auto* words = remote::find_member(*told, "words");
    const auto* starts = remote::find_member(*told, "start");
    const auto* ends = remote::find_member(*told, "end");
    if (words == nullptr || starts == nullptr || ends == nullptr) return;
    if (!words->is_array() || !starts->is_array() || !ends->is_array()) return;
    const std::size_t count = std::min({words->size(), starts->size(), ends->size()});
    for (std::size_t i = 0; i < count; ++i) {
      const json& start = (*starts)[i];
      const json& end = (*ends)[i];
      if (!start.is_number() || !end.is_number()) continue;
      sound_.add_word(remote::text_of(&(*words)[i]), start.get<double>() * kMsPerSecond,
                      end.get<double>() * kMsPerSecond);
    }
  }

  void take_error(const json& message, std::string_view text, std::vector<TtsEvent>& out) const {
    const int status = remote::member_count(message, "status_code").value_or(0);
    if (status >= 400) {
      out.emplace_back(remote::failure_of_status(*endpoint_, status, {}, text));
      return;
    }
    const auto error = remote::read_error_body(text);
    if (error.message.empty() && error.code.empty()) {
      return fail(FailureKind::protocol, "sent an event that is not known", out);
    }
    out.emplace_back(remote::failure_of_error(*endpoint_, error, FailureKind::unavailable));
  }

  void fail(FailureKind kind, std::string_view what, std::vector<TtsEvent>& out) const {
    out.emplace_back(remote::make_failure(*endpoint_, kind, what));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  openai::TimedSound sound_;
};

}  // namespace

std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string text, int rate_hz) {
  return std::make_unique<Decoder>(std::move(endpoint), std::move(text), rate_hz);
}

}  // namespace parley::providers::cartesia
