// SPDX-License-Identifier: MIT
// Source: elevenlabs.io/docs/api-reference, "Stream speech with timing" and "WebSocket".
#include "providers/elevenlabs/tts_stream.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/base64.h"
#include "providers/openai/speech_timed.h"
#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"

namespace parley::providers::elevenlabs {

namespace {

using engine::FailureKind;
using engine::TtsEvent;
using nlohmann::json;

constexpr double kMsPerSecond = 1000;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Characters that are no white space. Bytes that go on a character do not count (RFC 3629).
int visible_characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U && !is_blank({&c, 1});
  }));
}

FailureKind kind_of_code(std::string_view code) {
  static constexpr std::array<std::pair<std::string_view, FailureKind>, 9> kKinds = {{
      {"invalid_api_key", FailureKind::auth},
      {"missing_permissions", FailureKind::auth},
      {"quota_exceeded", FailureKind::quota},
      {"too_many_concurrent_requests", FailureKind::rate_limited},
      {"max_active_conversations", FailureKind::rate_limited},
      {"system_busy", FailureKind::overloaded},
      {"voice_not_found", FailureKind::not_found},
      {"voice_id_does_not_exist", FailureKind::not_found},
      {"invalid_output_format", FailureKind::invalid_request},
  }};
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [code](const auto& entry) { return entry.first == code; });
  return found == kKinds.end() ? FailureKind::unavailable : found->second;
}

// The first of the lists that is there.
const json* list_in(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const json* list = remote::find_member(object, name);
    if (list != nullptr && list->is_array()) return list;
  }
  return nullptr;
}

class Decoder final : public openai::SpeechDecoder {
 public:
  Decoder(std::shared_ptr<const remote::Endpoint> endpoint, const std::string& text, int rate_hz,
          TtsForm form)
      : endpoint_(std::move(endpoint)),
        rate_hz_(rate_hz),
        form_(form),
        characters_left_(visible_characters(text)),
        sound_(text, rate_hz, true) {}

  void on_message(std::string_view text, std::vector<TtsEvent>& out) override {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) return fail(FailureKind::protocol, "sent text that is no JSON", out);
    const bool http = form_ == TtsForm::http;
    const auto* sound = remote::find_member(message, http ? "audio_base64" : "audio");
    if (sound != nullptr && !take_sound(message, *sound, out)) {
      return fail(FailureKind::protocol, "sent sound that is not base64", out);
    }
    const auto* last = remote::find_member(message, "isFinal");
    if (last != nullptr && *last == true) return end(out);
    if (sound == nullptr) take_error(message, text, out);
  }

  void on_end(std::vector<TtsEvent>& out) override {
    if (form_ == TtsForm::http) return end(out);
    finish_words();
    sound_.finish(out);
    fail(FailureKind::unavailable, "ended its answer too early", out);
  }

  void on_break(std::vector<TtsEvent>& out) override {
    if (sound_.holds_back()) sound_.finish(out);
  }

 private:
  bool take_sound(const json& message, const json& sound, std::vector<TtsEvent>& out) {
    std::vector<std::uint8_t> bytes;
    if (!audio::base64_decode(remote::text_of(&sound), bytes)) return false;
    const auto* times = remote::find_member(message, "alignment");
    if (times != nullptr) take_times(*times);
    sound_bytes_ += bytes.size();
    sound_.add_sound(bytes, out);
    return true;
  }

  void take_times(const json& times) {
    const json* characters = list_in(times, {"characters", "chars"});
    const json* starts =
        list_in(times, {"character_start_times_seconds", "charStartTimesMs", "charsStartTimesMs"});
    const json* ends =
        list_in(times, {"character_end_times_seconds", "charDurationsMs", "charsDurationsMs"});
    if (characters == nullptr || starts == nullptr || ends == nullptr) return;
    const bool http = form_ == TtsForm::http;
    const double before_ms =
        static_cast<double>(sound_bytes_ / 2) * kMsPerSecond / static_cast<double>(rate_hz_);
    const std::size_t count = std::min({characters->size(), starts->size(), ends->size()});
    for (std::size_t i = 0; i < count; ++i) {
      if (!(*starts)[i].is_number() || !(*ends)[i].is_number()) continue;
      const auto start = (*starts)[i].get<double>();
      const auto end = (*ends)[i].get<double>();
      const double start_ms = http ? start * kMsPerSecond : before_ms + start;
      take_character(remote::text_of(&(*characters)[i]), start_ms,
                     http ? end * kMsPerSecond : start_ms + end);
    }
  }

  void take_character(std::string_view character, double start_ms, double end_ms) {
    if (is_blank(character)) return finish_words();
    if (word_.empty()) word_start_ms_ = start_ms;
    word_ += character;
    word_end_ms_ = end_ms;
    // Nothing stands behind the last word to end it.
    characters_left_ -= visible_characters(character);
    if (characters_left_ == 0) finish_words();
  }
  void finish_words() {
    if (!word_.empty()) sound_.add_word(word_, word_start_ms_, word_end_ms_);
    word_.clear();
  }

  void end(std::vector<TtsEvent>& out) {
    finish_words();
    sound_.finish(out);
    if (!sound_.heard()) return fail(FailureKind::unavailable, "answered without any sound", out);
    out.emplace_back(engine::TtsDone{});
  }

  void take_error(const json& message, std::string_view text, std::vector<TtsEvent>& out) const {
    remote::ErrorBody error = remote::read_error_body(text);
    // A WebSocket's errors have their word in `error` and a close code in `code`.
    if (const auto word = remote::member_text(message, "error"); !word.empty()) {
      error.code = word;
      error.message = remote::member_text(message, "message");
    }
    if (error.message.empty() && error.code.empty()) return;  // flush_done, and those to come
    out.emplace_back(remote::failure_of_error(*endpoint_, error, kind_of_code(error.code)));
  }

  void fail(FailureKind kind, std::string_view what, std::vector<TtsEvent>& out) const {
    out.emplace_back(remote::make_failure(*endpoint_, kind, what));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const int rate_hz_;
  const TtsForm form_;
  int characters_left_;  // of the text, to be timed
  std::string word_;     // as far as its characters have come
  double word_start_ms_ = 0;
  double word_end_ms_ = 0;
  std::size_t sound_bytes_ = 0;
  openai::TimedSound sound_;
};

}  // namespace

std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string text, int rate_hz, TtsForm form) {
  return std::make_unique<Decoder>(std::move(endpoint), text, rate_hz, form);
}

}  // namespace parley::providers::elevenlabs
