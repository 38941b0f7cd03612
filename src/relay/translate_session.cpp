// SPDX-License-Identifier: MIT
#include "relay/translate_session.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace parley::relay {
namespace {

using protocol::json::Array;

constexpr std::int64_t kPcmRateHz = 24'000;

struct FormatName {
  std::string_view ga;
  std::string_view beta;
};
constexpr std::array<FormatName, 3> kFormats = {{
    {"audio/pcm", "pcm16"},
    {"audio/pcmu", "g711_ulaw"},
    {"audio/pcma", "g711_alaw"},
}};

Value format_to_ga(Value format) {
  for (const auto& [ga, beta] : kFormats) {
    if (format.string() == nullptr || *format.string() != beta) continue;
    Value named = object_value();
    set(named, "type", text_value(ga));
    if (ga == "audio/pcm") set(named, "rate", Value{kPcmRateHz});
    return named;
  }
  return format;
}

Value format_to_beta(Value format) {
  const std::string_view type = text_at(format, "type");
  for (const auto& [ga, beta] : kFormats) {
    if (type == ga) return text_value(beta);
  }
  return format;
}

Value list_of(std::initializer_list<std::string_view> words) {
  Array list;
  for (const auto word : words) list.push_back(text_value(word));
  return Value{std::move(list)};
}

bool holds(Value& list, std::string_view word) {
  const Array* elements = list.array();
  return elements != nullptr && std::ranges::any_of(*elements, [&](const Value& element) {
           const auto* text = std::get_if<std::string>(&element.data);
           return text != nullptr && *text == word;
         });
}

// GA answers in one modality, and audio brings its transcript; beta says "text" beside "audio", and
// refuses audio alone.
Value modalities_to_ga(Value modalities) {
  if (holds(modalities, "audio")) return list_of({"audio"});
  return modalities;
}

Value modalities_to_beta(Value modalities) {
  if (holds(modalities, "audio")) return list_of({"audio", "text"});
  return modalities;
}

template <class F>
void move_as(Value& from, std::string_view key, Value& to, std::string_view new_key, F change) {
  if (auto taken = take(from, key)) set(to, new_key, change(std::move(*taken)));
}

// Beta has no idle timeout.
Value detection_to_beta(Value detection) {
  drop(detection, "idle_timeout_ms");
  return detection;
}

void drop_all(Value& object, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) drop(object, key);
}

void move_rest(Value& from, Value& to) {
  auto* members = from.object();
  if (members == nullptr) return;
  for (auto& each : *members) set(to, each.key, std::move(each.value));
}

void set_unless_empty(Value& object, std::string_view key, Value value) {
  const auto* members = value.object();
  if (members != nullptr && !members->empty()) set(object, key, std::move(value));
}

Value audio_of(Value input, Value output) {
  Value audio = object_value();
  set_unless_empty(audio, "input", std::move(input));
  set_unless_empty(audio, "output", std::move(output));
  return audio;
}

Value default_format() { return format_to_ga(text_value("pcm16")); }

// What the hosted service says in each dialect, whatever the session.
void fill_ga_session(Value& input, Value& output, Value& rest, SessionKind kind) {
  set_missing(input, "format", default_format());
  for (const auto key : {"transcription", "noise_reduction", "turn_detection"}) {
    set_missing(input, key, Value{});
  }
  if (kind == SessionKind::realtime) set_missing(output, "format", default_format());
  set_missing(rest, "include", Value{});
  set_missing(rest, "object",
              text_value(kind == SessionKind::realtime ? "realtime.session"
                                                       : "realtime.transcription_session"));
  set_missing(rest, "expires_at", Value{std::int64_t{0}});
}

void fill_beta_session(Value& session, SessionKind kind) {
  set_missing(session, "client_secret", Value{});
  set_missing(session, "input_audio_format", text_value("pcm16"));
  set_missing(session, "input_audio_transcription", Value{});
  set_missing(session, "turn_detection", Value{});
  if (kind == SessionKind::transcription) return;
  set_missing(session, "output_audio_format", text_value("pcm16"));
  set_missing(session, "temperature", Value{0.8});
  set_missing(session, "max_response_output_tokens", text_value("inf"));
  set_missing(session, "tools", Value{Array{}});
  set_missing(session, "tool_choice", text_value("auto"));
}

bool is_assistant(const Value& item) { return text_at(item, "role") == "assistant"; }

template <class F>
void each_part(Value& item, F change) {
  Value* content = member(item, "content");
  if (content == nullptr || content->array() == nullptr) return;
  for (Value& part : *content->array()) {
    const auto type = change(text_at(part, "type"));
    if (!type.empty()) set(part, "type", text_value(type));
  }
}

// GA tells whether tokens were of images.
void fill_ga_usage(Value& response) {
  Value* usage = member(response, "usage");
  Value* input = usage == nullptr ? nullptr : member(*usage, "input_token_details");
  if (input == nullptr) return;
  set_missing(*input, "image_tokens", Value{std::int64_t{0}});
}

}  // namespace

Value session_to_ga(Value flat, SessionKind kind, Speaker speaker) {
  if (flat.object() == nullptr) return flat;
  const bool realtime = kind == SessionKind::realtime;
  Value session = object_value();
  Value input = object_value();
  Value output = object_value();
  set(session, "type", text_value(realtime ? "realtime" : "transcription"));
  drop_all(flat, {"type", "temperature", "client_secret"});
  if (speaker == Speaker::client) drop_all(flat, {"id", "object", "expires_at"});
  move_as(flat, "input_audio_format", input, "format", format_to_ga);
  move(flat, "input_audio_transcription", input, "transcription");
  move(flat, "input_audio_noise_reduction", input, "noise_reduction");
  move(flat, "turn_detection", input, "turn_detection");
  if (realtime) {
    move_as(flat, "output_audio_format", output, "format", format_to_ga);
    move(flat, "voice", output, "voice");
    move(flat, "speed", output, "speed");
    move_as(flat, "modalities", session, "output_modalities", modalities_to_ga);
    move(flat, "max_response_output_tokens", session, "max_output_tokens");
  } else {
    drop_all(flat, {"modalities", "model"});
  }
  if (speaker == Speaker::server) fill_ga_session(input, output, flat, kind);
  move_rest(flat, session);
  set_unless_empty(session, "audio", audio_of(std::move(input), std::move(output)));
  return session;
}

Value session_to_beta(Value nested, SessionKind kind, Speaker speaker) {
  if (nested.object() == nullptr) return nested;
  Value session = object_value();
  drop_all(nested, {"type", "truncation", "reasoning", "parallel_tool_calls"});
  if (speaker == Speaker::client) {
    drop_all(nested, {"id", "object", "expires_at"});
    if (kind == SessionKind::realtime) drop_all(nested, {"prompt", "include"});
  }
  move_as(nested, "output_modalities", session, "modalities", modalities_to_beta);
  move(nested, "max_output_tokens", session, "max_response_output_tokens");
  Value audio = take(nested, "audio").value_or(object_value());
  if (Value* input = member(audio, "input")) {
    move_as(*input, "format", session, "input_audio_format", format_to_beta);
    move(*input, "transcription", session, "input_audio_transcription");
    move(*input, "noise_reduction", session, "input_audio_noise_reduction");
    move_as(*input, "turn_detection", session, "turn_detection", detection_to_beta);
  }
  if (Value* output = member(audio, "output")) {
    move_as(*output, "format", session, "output_audio_format", format_to_beta);
    move(*output, "voice", session, "voice");
    move(*output, "speed", session, "speed");
  }
  move_rest(nested, session);
  if (speaker == Speaker::server) fill_beta_session(session, kind);
  return session;
}

Value response_to_ga(Value flat, Speaker speaker) {
  if (flat.object() == nullptr) return flat;
  Value output = object_value();
  drop(flat, "temperature");
  move_as(flat, "output_audio_format", output, "format", format_to_ga);
  move(flat, "voice", output, "voice");
  move_as(flat, "modalities", flat, "output_modalities", modalities_to_ga);
  move(flat, "max_response_output_tokens", flat, "max_output_tokens");
  if (speaker == Speaker::server) {
    set_missing(output, "format", default_format());
    set_missing(flat, "metadata", Value{});
    set_missing(flat, "conversation_id", Value{});
    set_missing(flat, "output_modalities", list_of({"audio"}));
    set_missing(flat, "max_output_tokens", text_value("inf"));
    fill_ga_usage(flat);
  }
  set_unless_empty(flat, "audio", audio_of(object_value(), std::move(output)));
  return flat;
}

Value response_to_beta(Value nested, Speaker speaker) {
  if (nested.object() == nullptr) return nested;
  Value audio = take(nested, "audio").value_or(object_value());
  if (Value* output = member(audio, "output")) {
    move_as(*output, "format", nested, "output_audio_format", format_to_beta);
    move(*output, "voice", nested, "voice");
  }
  move_as(nested, "output_modalities", nested, "modalities", modalities_to_beta);
  if (speaker == Speaker::server) {
    set_missing(nested, "temperature", Value{0.8});
  } else {
    drop_all(nested, {"reasoning", "parallel_tool_calls", "prompt"});
    move(nested, "max_output_tokens", nested, "max_response_output_tokens");
  }
  return nested;
}

// Beta calls the assistant's parts "text" and "audio"; loose clients say so of the user's as well.
void item_to_ga(Value& item) {
  const bool assistant = is_assistant(item);
  each_part(item, [&](std::string_view type) -> std::string_view {
    if (type == "text") return assistant ? "output_text" : "input_text";
    if (type == "audio") return assistant ? "output_audio" : "input_audio";
    return {};
  });
}

void item_to_beta(Value& item, Speaker speaker) {
  each_part(item, [](std::string_view type) -> std::string_view {
    if (type == "output_text") return "text";
    if (type == "output_audio") return "audio";
    return {};
  });
  if (speaker == Speaker::client || item.object() == nullptr) return;
  set_missing(item, "object", text_value("realtime.item"));
  set_missing(item, "status", text_value("completed"));
}

}  // namespace parley::relay
