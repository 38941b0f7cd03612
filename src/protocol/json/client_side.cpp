// SPDX-License-Identifier: MIT
#include "protocol/json/client_side.h"

#include "audio/base64.h"
#include "protocol/json/names.h"
#include "protocol/json/value.h"
#include "protocol/json/write_session.h"
#include "protocol/json/writer.h"

namespace parley::protocol {
namespace {

using json::Flavour;
using json::Value;
using json::Writer;

template <class F>
std::string frame(std::string_view type, F write_fields) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", type);
  write_fields(w);
  w.end_object();
  return out;
}

std::string bare_frame(std::string_view type) {
  return frame(type, [](Writer&) {});
}

void write_raw_patch(std::string_view key, const Patch<base::RawJson>& raw, Writer& w) {
  if (!raw) return;
  if (raw->present()) {
    w.raw(key, raw->text);
  } else {
    w.null(key);
  }
}

void write_general_patch(const SessionPatch& patch, Writer& w) {
  if (patch.output_modality) {
    write_modality("output_modalities", *patch.output_modality, Flavour::ga, w);
  }
  if (patch.instructions) w.string("instructions", *patch.instructions);
  if (patch.tools) write_tools(*patch.tools, Flavour::ga, w);
  if (patch.tool_choice) write_tool_choice(*patch.tool_choice, w);
  if (patch.max_output_tokens) {
    write_max_output_tokens("max_output_tokens", *patch.max_output_tokens, w);
  }
  if (patch.parallel_tool_calls) w.boolean("parallel_tool_calls", *patch.parallel_tool_calls);
  if (patch.reasoning_effort && *patch.reasoning_effort) {
    w.begin_object("reasoning");
    w.string("effort", **patch.reasoning_effort);
    w.end_object();
  } else if (patch.reasoning_effort) {
    w.null("reasoning");
  }
  write_raw_patch("tracing", patch.tracing, w);
  write_raw_patch("prompt", patch.prompt, w);
  if (patch.truncation) write_truncation(*patch.truncation, w);
}

void write_audio_patch(const SessionPatch& patch, Writer& w) {
  w.begin_object("audio");
  w.begin_object("input");
  if (patch.input_format) write_audio_format("format", *patch.input_format, Flavour::ga, w);
  if (patch.transcription) write_transcription("transcription", *patch.transcription, w);
  if (patch.noise_reduction) write_noise_reduction("noise_reduction", *patch.noise_reduction, w);
  if (patch.turn_detection) {
    write_turn_detection(*patch.turn_detection, patch.type, Flavour::ga, w);
  }
  w.end_object();
  if (patch.type == SessionType::realtime) {
    w.begin_object("output");
    if (patch.output_format) write_audio_format("format", *patch.output_format, Flavour::ga, w);
    if (patch.voice) w.string("voice", *patch.voice);
    if (patch.speed) w.number("speed", *patch.speed);
    w.end_object();
  }
  w.end_object();
}

void write_include_patch(const SessionPatch& patch, Writer& w) {
  if (!patch.include) return;
  if (!*patch.include) return w.null("include");
  w.begin_array("include");
  for (const std::string& name : **patch.include) w.string_element(name);
  w.end_array();
}

// The string member `key` of `object`, empty when absent or no string.
std::string text_of(const Value& object, std::string_view key) {
  const Value* value = json::find(object, key);
  const auto* text = value ? std::get_if<std::string>(&value->data) : nullptr;
  return text ? *text : std::string();
}

std::int64_t integer_of(const Value& object, std::string_view key) {
  const Value* value = json::find(object, key);
  const auto* whole = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
  return whole ? *whole : 0;
}

base::Error error_of(const Value& error) {
  return {text_of(error, "code"), text_of(error, "message"), text_of(error, "param")};
}

void read_response(const Value& response, ServerMessage& out) {
  out.response_id = text_of(response, "id");
  out.status = text_of(response, "status");
  if (const Value* details = json::find(response, "status_details")) {
    out.status_reason = text_of(*details, "reason");
    if (const Value* error = json::find(*details, "error")) out.error = error_of(*error);
  }
}

}  // namespace

std::string write_session_update(const SessionPatch& patch) {
  return frame("session.update", [&](Writer& w) {
    w.begin_object("session");
    w.string("type", json::wire_name(json::kSessionTypes, patch.type));
    if (patch.type == SessionType::realtime) write_general_patch(patch, w);
    write_include_patch(patch, w);
    write_audio_patch(patch, w);
    w.end_object();
  });
}

void write_audio_append(std::span<const std::uint8_t> bytes, std::string& out) {
  out += R"({"type":"input_audio_buffer.append","audio":")";
  audio::base64_encode(bytes, out);
  out += "\"}";
}

std::string write_audio_commit() { return bare_frame("input_audio_buffer.commit"); }
std::string write_audio_clear() { return bare_frame("input_audio_buffer.clear"); }
std::string write_response_create() { return bare_frame("response.create"); }
std::string write_response_cancel() { return bare_frame("response.cancel"); }

std::string write_user_text(std::string_view text) {
  return frame("conversation.item.create", [&](Writer& w) {
    w.begin_object("item");
    w.string("type", "message");
    w.string("role", "user");
    w.begin_array("content");
    w.begin_object();
    w.string("type", "input_text");
    w.string("text", text);
    w.end_object();
    w.end_array();
    w.end_object();
  });
}

std::string write_item_truncate(std::string_view item_id, int content_index, int audio_end_ms) {
  return frame("conversation.item.truncate", [&](Writer& w) {
    w.string("item_id", item_id);
    w.integer("content_index", content_index);
    w.integer("audio_end_ms", audio_end_ms);
  });
}

base::Result<ServerMessage> read_server_message(std::string_view frame) {
  auto document = json::parse(frame);
  if (!document) return base::fail("invalid_json", "The server sent something that is not JSON.");
  const Value& event = *document;
  ServerMessage out;
  out.type = text_of(event, "type");
  if (out.type.empty()) {
    return base::fail("invalid_event", "The server sent an event without a type.", "type");
  }
  out.event_id = text_of(event, "event_id");
  out.response_id = text_of(event, "response_id");
  out.item_id = text_of(event, "item_id");
  out.function_name = text_of(event, "name");
  out.call_id = text_of(event, "call_id");
  out.arguments = text_of(event, "arguments");
  out.audio_start_ms = integer_of(event, "audio_start_ms");
  out.audio_end_ms = integer_of(event, "audio_end_ms");
  for (const std::string_view key : {"delta", "text", "transcript"}) {
    if (out.text.empty()) out.text = text_of(event, key);
  }
  if (out.type == "response.output_audio.delta") {
    if (!audio::base64_decode(out.text, out.audio)) {
      return base::fail("invalid_base64", "The server sent audio that is not base64.", "delta");
    }
    out.text.clear();
  }
  if (const Value* session = json::find(event, "session")) {
    out.session_id = text_of(*session, "id");
    out.model = text_of(*session, "model");
  }
  if (const Value* item = json::find(event, "item")) out.item_id = text_of(*item, "id");
  if (const Value* response = json::find(event, "response")) read_response(*response, out);
  if (const Value* error = json::find(event, "error")) out.error = error_of(*error);
  return out;
}

}  // namespace parley::protocol
