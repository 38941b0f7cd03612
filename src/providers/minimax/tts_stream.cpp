// SPDX-License-Identifier: MIT
// Source: platform.minimax.io, "T2A v2 (HTTP)" and "Error codes".
#include "providers/minimax/tts_stream.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "providers/openai/speech_timed.h"
#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"

namespace parley::providers::minimax {

namespace {

using engine::FailureKind;
using engine::TtsEvent;
using nlohmann::json;

// data.status
constexpr int kLastMessage = 2;

FailureKind kind_of_code(int code) {
  static constexpr std::array<std::pair<int, FailureKind>, 11> kKinds = {{
      {1001, FailureKind::timeout},
      {1002, FailureKind::rate_limited},
      {1004, FailureKind::auth},
      {1008, FailureKind::quota},
      {1026, FailureKind::content_filter},
      {1027, FailureKind::content_filter},
      {1039, FailureKind::rate_limited},
      {1041, FailureKind::rate_limited},
      {1042, FailureKind::invalid_request},
      {2013, FailureKind::invalid_request},
      {20132, FailureKind::not_found},
  }};
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [code](const auto& entry) { return entry.first == code; });
  return found == kKinds.end() ? FailureKind::unavailable : found->second;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

class Decoder final : public openai::SpeechDecoder {
 public:
  Decoder(std::shared_ptr<const remote::Endpoint> endpoint, int rate_hz)
      : endpoint_(std::move(endpoint)), sound_({}, rate_hz, false) {}

  void on_message(std::string_view text, std::vector<TtsEvent>& out) override {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) return fail(FailureKind::protocol, "sent text that is no JSON", out);
    if (const auto* verdict = remote::find_member(message, "base_resp")) {
      const int code = remote::member_count(*verdict, "status_code").value_or(0);
      if (code != 0) {
        out.emplace_back(remote::failure_of_error(*endpoint_, remote::read_error_body(text),
                                                  kind_of_code(code)));
        return;
      }
    }
    const auto* data = remote::find_member(message, "data");
    if (data == nullptr) {
      // An object of another kind is an error of a gateway; a success without sound says nothing.
      if (remote::find_member(message, "base_resp") != nullptr) return;
      const auto error = remote::read_error_body(text);
      if (error.message.empty() && error.code.empty()) {
        return fail(FailureKind::protocol, "sent an event that is not known", out);
      }
      out.emplace_back(remote::failure_of_error(*endpoint_, error, FailureKind::unavailable));
      return;
    }
    const bool last = remote::member_count(*data, "status") == kLastMessage;
    // The last event may repeat the whole sound; an answer in one piece is only that.
    if (!last || !sound_.heard()) {
      const auto bytes = bytes_of(remote::member_text(*data, "audio"));
      if (!bytes) return fail(FailureKind::protocol, "sent sound that is not hexadecimal", out);
      sound_.add_sound(*bytes, out);
    }
    if (!last) return;
    if (!sound_.heard()) return fail(FailureKind::unavailable, "answered without any sound", out);
    out.emplace_back(engine::TtsDone{});
  }

  void on_end(std::vector<TtsEvent>& out) override {
    fail(FailureKind::unavailable, "ended its answer too early", out);
  }

 private:
  void fail(FailureKind kind, std::string_view what, std::vector<TtsEvent>& out) const {
    out.emplace_back(remote::make_failure(*endpoint_, kind, what));
  }

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  openai::TimedSound sound_;
};

}  // namespace

std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, int rate_hz) {
  return std::make_unique<Decoder>(std::move(endpoint), rate_hz);
}

}  // namespace parley::providers::minimax
