// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_answer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

namespace {

using engine::FailureKind;
using nlohmann::json;
using remote::find_member;
using remote::member_text;

// Whisper invents words for silence; these two together mark them (its own decoder's thresholds).
constexpr double kNoSpeechProbMax = 0.6;
constexpr double kAvgLogprobMin = -1.0;
// What whisper.cpp writes when it heard nothing.
constexpr std::string_view kBlankAudio = "[BLANK_AUDIO]";
constexpr double kProbabilityMin = 1e-9;

constexpr std::string_view kBlanks = " \t\r\n";

// Appends with single blanks, none at the start; one at the end is only remembered.
void append_words(std::string& text, bool& blank_due, std::string_view more) {
  for (const char c : more) {
    if (kBlanks.find(c) != std::string_view::npos) {
      blank_due = !text.empty();
      continue;
    }
    if (std::exchange(blank_due, false)) text += ' ';
    text += c;
  }
}

std::string tidy(std::string_view words) {
  std::string text;
  bool blank_due = false;
  append_words(text, blank_due, words);
  return text;
}

std::optional<double> member_number(const json& object, const char* name) {
  const json* value = find_member(object, name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

bool is_silence(const json& segment) {
  return tidy(member_text(segment, "text")) == kBlankAudio ||
         (member_number(segment, "no_speech_prob").value_or(0) > kNoSpeechProbMax &&
          member_number(segment, "avg_logprob").value_or(0) < kAvgLogprobMin);
}

}  // namespace

TranscriptionAnswer::TranscriptionAnswer(std::shared_ptr<const remote::Endpoint> endpoint,
                                         bool logprobs)
    : endpoint_(std::move(endpoint)), logprobs_wanted_(logprobs) {}

TranscriptionAnswer::News TranscriptionAnswer::on_event(std::string_view data) {
  if (over_ || data.empty()) return std::nullopt;
  if (data == "[DONE]") return finish(text_);
  const json event = json::parse(data, nullptr, false);
  if (!event.is_object()) {
    return fail(FailureKind::protocol, "sent something in its stream that is no JSON object");
  }
  if (find_member(event, "error") != nullptr || member_text(event, "type") == "error") {
    over_ = true;
    return remote::failure_of_error(*endpoint_, remote::read_error_body(data),
                                    FailureKind::unavailable);
  }
  if (const json* choices = find_member(event, "choices")) return take_chunk(*choices);
  return take_event(event);
}

TranscriptionAnswer::News TranscriptionAnswer::take_event(const json& event) {
  const std::string_view type = member_text(event, "type");
  if (type == "transcript.text.delta") {
    take_logprobs(event);
    return say(member_text(event, "delta"));
  }
  if (type == "transcript.text.done") {
    if (find_member(event, "logprobs") != nullptr) {
      logprobs_.clear();  // those of the deltas, once more
      take_logprobs(event);
    }
    const json* whole = find_member(event, "text");
    return finish(whole == nullptr ? text_ : tidy(remote::text_of(whole)));
  }
  if (type.empty() && find_member(event, "text") != nullptr) {
    may_end_ = true;  // such streams have no end marker
    return say(member_text(event, "text"));
  }
  return std::nullopt;  // transcript.text.segment and what is yet to be invented
}

// vLLM.
TranscriptionAnswer::News TranscriptionAnswer::take_chunk(const json& choices) {
  if (!choices.is_array() || choices.empty()) return std::nullopt;
  const json& choice = choices.front();
  if (!member_text(choice, "finish_reason").empty()) may_end_ = true;
  const json* delta = find_member(choice, "delta");
  return delta == nullptr ? std::nullopt : say(member_text(*delta, "content"));
}

TranscriptionAnswer::News TranscriptionAnswer::on_document(std::string_view body) {
  if (over_) return std::nullopt;
  if (body.find_first_not_of(kBlanks) == std::string_view::npos) {
    return fail(FailureKind::unavailable, "answered with nothing");
  }
  const json document = json::parse(body, nullptr, false);
  if (!document.is_object()) {
    return fail(FailureKind::protocol, "answered with something that is no JSON object");
  }
  const json* text = find_member(document, "text");
  if (text == nullptr &&
      (find_member(document, "error") != nullptr || find_member(document, "detail") != nullptr)) {
    over_ = true;
    return remote::failure_of_error(*endpoint_, remote::read_error_body(body),
                                    FailureKind::unavailable);
  }
  if (text == nullptr || !text->is_string()) {
    return fail(FailureKind::protocol, "answered with JSON that is no transcript");
  }
  take_logprobs(document);
  const json* segments = find_member(document, "segments");
  if (segments != nullptr && segments->is_array() && !segments->empty()) {
    return finish(text_of_segments(document));
  }
  const std::string words = tidy(remote::text_of(text));
  return finish(words == kBlankAudio ? std::string() : words);
}

// What is not silence. Segments bring their own blanks, as their languages want them.
std::string TranscriptionAnswer::text_of_segments(const json& document) {
  std::string kept;
  bool silence = false;
  for (const json& segment : *find_member(document, "segments")) {
    if (is_silence(segment)) {
      silence = true;
      continue;
    }
    kept += member_text(segment, "text");
    const json* words = find_member(segment, "words");  // whisper.cpp's tokens
    if (!logprobs_wanted_ || words == nullptr || !words->is_array()) continue;
    for (const json& word : *words) {
      const auto probability = member_number(word, "probability");
      if (!probability) continue;
      logprobs_.push_back({std::string(member_text(word, "word")),
                           std::log(std::clamp(*probability, kProbabilityMin, 1.0))});
    }
  }
  return tidy(silence ? std::string_view(kept) : member_text(document, "text"));
}

TranscriptionAnswer::News TranscriptionAnswer::on_end() {
  if (over_) return std::nullopt;
  if (may_end_) return finish(text_);
  return fail(FailureKind::unavailable, "ended its answer without finishing it");
}

TranscriptionAnswer::News TranscriptionAnswer::say(std::string_view delta) {
  const std::size_t before = text_.size();
  append_words(text_, blank_due_, delta);
  if (text_.size() == before) return std::nullopt;
  return engine::SttPartial{text_, text_.size()};
}

void TranscriptionAnswer::take_logprobs(const json& holder) {
  const json* tokens = find_member(holder, "logprobs");
  if (!logprobs_wanted_ || tokens == nullptr || !tokens->is_array()) return;
  for (const json& token : *tokens) {
    const auto logprob = member_number(token, "logprob");
    if (logprob) logprobs_.push_back({std::string(member_text(token, "token")), *logprob});
  }
}

TranscriptionAnswer::News TranscriptionAnswer::finish(std::string text) {
  over_ = true;
  return engine::SttFinal{std::move(text), std::move(logprobs_)};
}

TranscriptionAnswer::News TranscriptionAnswer::fail(FailureKind kind, std::string_view what) {
  over_ = true;
  return remote::make_failure(*endpoint_, kind, what);
}

}  // namespace parley::providers::openai
