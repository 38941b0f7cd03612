// SPDX-License-Identifier: MIT
#include "protocol/json/write_response.h"

#include "protocol/json/names.h"
#include "protocol/json/write_item.h"
#include "protocol/json/write_session.h"

namespace parley::protocol::json {
namespace {

void write_status_details(const Response& response, Writer& w) {
  if (response.status == ResponseStatus::in_progress ||
      response.status == ResponseStatus::completed) {
    return w.null("status_details");
  }
  w.begin_object("status_details");
  w.string("type", wire_name(kResponseStatuses, response.status));
  if (response.reason != StatusReason::none) {
    w.string("reason", wire_name(kStatusReasons, response.reason));
  }
  if (response.status == ResponseStatus::failed || !response.error_message.empty()) {
    w.begin_object("error");
    w.string("type", response.error_type);
    if (response.error_code.empty()) {
      w.null("code");
    } else {
      w.string("code", response.error_code);
    }
    w.string("message", response.error_message);
    w.end_object();
  }
  w.end_object();
}

void write_usage(const std::optional<Usage>& usage, Flavour flavour, Writer& w) {
  if (!usage) return w.null("usage");
  const bool ga = flavour == Flavour::ga;
  w.begin_object("usage");
  w.integer("total_tokens", usage->input_tokens() + usage->output_tokens());
  w.integer("input_tokens", usage->input_tokens());
  w.integer("output_tokens", usage->output_tokens());
  w.begin_object("input_token_details");
  w.integer("text_tokens", usage->input_text_tokens);
  w.integer("audio_tokens", usage->input_audio_tokens);
  if (ga) w.integer("image_tokens", usage->input_image_tokens);
  w.integer("cached_tokens", usage->cached_text_tokens + usage->cached_audio_tokens);
  w.begin_object("cached_tokens_details");
  w.integer("text_tokens", usage->cached_text_tokens);
  w.integer("audio_tokens", usage->cached_audio_tokens);
  if (ga) w.integer("image_tokens", 0);
  w.end_object();
  w.end_object();
  w.begin_object("output_token_details");
  w.integer("text_tokens", usage->output_text_tokens);
  w.integer("audio_tokens", usage->output_audio_tokens);
  w.end_object();
  w.end_object();
}

void write_metadata(const std::optional<Metadata>& metadata, Writer& w) {
  if (!metadata) return w.null("metadata");
  std::string& out = w.value_of("metadata");
  out += '{';
  for (const auto& [key, value] : *metadata) {
    if (out.back() != '{') out += ',';
    append_string(key, out);
    out += ':';
    append_string(value, out);
  }
  out += '}';
}

void write_output_settings(const Response& response, Flavour flavour, Writer& w) {
  if (flavour == Flavour::ga) {
    write_modality("output_modalities", response.output_modality, flavour, w);
    write_max_output_tokens("max_output_tokens", response.max_output_tokens, w);
    w.begin_object("audio");
    w.begin_object("output");
    write_audio_format("format", response.output_format, flavour, w);
    w.string("voice", response.voice);
    w.end_object();
    w.end_object();
  } else {
    write_modality("modalities", response.output_modality, flavour, w);
    w.string("voice", response.voice);
    write_audio_format("output_audio_format", response.output_format, flavour, w);
    w.number("temperature", response.temperature);
    write_max_output_tokens("max_output_tokens", response.max_output_tokens, w);
  }
}

}  // namespace

void write_response(const Response& response, Flavour flavour, Writer& w) {
  w.begin_object("response");
  w.string("object", "realtime.response");
  w.string("id", response.id);
  w.string("status", wire_name(kResponseStatuses, response.status));
  write_status_details(response, w);
  w.begin_array("output");
  for (const Item& item : response.output) {
    if (flavour == Flavour::beta && is_mcp(item.type)) continue;
    w.begin_object();
    write_item_fields(item, flavour, w);
    w.end_object();
  }
  w.end_array();
  w.string_or_null("conversation_id", response.conversation_id);
  write_output_settings(response, flavour, w);
  write_usage(response.usage, flavour, w);
  write_metadata(response.metadata, w);
  w.end_object();
}

}  // namespace parley::protocol::json
