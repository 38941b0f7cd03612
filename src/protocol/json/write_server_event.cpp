// SPDX-License-Identifier: MIT
#include "protocol/json/write_server_event.h"

#include <variant>

#include "audio/base64.h"
#include "protocol/json/write_item.h"
#include "protocol/json/write_response.h"
#include "protocol/json/write_session.h"
#include "protocol/json/writer.h"

namespace parley::protocol::json {
namespace {

// Writes the fields after `type` and `event_id`. One overload per event; begin() comes first in
// each.
class EventWriter {
 public:
  EventWriter(const std::string& event_id, Flavour flavour, std::string& out)
      : event_id_(event_id), flavour_(flavour), w_(out) {}

  bool operator()(const SessionCreated& e) {
    begin(session_event(e.config, "session.created", "transcription_session.created"));
    write_session("session", e.info, e.config, flavour_, w_);
    return end();
  }
  bool operator()(const SessionUpdated& e) {
    begin(session_event(e.config, "session.updated", "transcription_session.updated"));
    write_session("session", e.info, e.config, flavour_, w_);
    return end();
  }

  // All five keys, always: clients index them without asking.
  bool operator()(const ErrorEvent& e) {
    begin("error");
    w_.begin_object("error");
    w_.string("type", e.type);
    if (e.code.empty()) {
      w_.null("code");
    } else {
      w_.string("code", e.code);
    }
    w_.string("message", e.message);
    w_.string_or_null("param", e.param);
    w_.string_or_null("event_id", e.event_id);
    w_.end_object();
    return end();
  }

  bool operator()(const InputAudioBufferCommitted& e) {
    begin("input_audio_buffer.committed");
    w_.string_or_null("previous_item_id", e.previous_item_id);
    w_.string("item_id", e.item_id);
    return end();
  }
  bool operator()(const InputAudioBufferCleared&) {
    begin("input_audio_buffer.cleared");
    return end();
  }
  bool operator()(const SpeechStarted& e) {
    begin("input_audio_buffer.speech_started");
    w_.integer("audio_start_ms", e.audio_start_ms);
    w_.string("item_id", e.item_id);
    return end();
  }
  bool operator()(const SpeechStopped& e) {
    begin("input_audio_buffer.speech_stopped");
    w_.integer("audio_end_ms", e.audio_end_ms);
    w_.string("item_id", e.item_id);
    return end();
  }
  bool operator()(const TimeoutTriggered& e) {
    if (!ga()) return false;
    begin("input_audio_buffer.timeout_triggered");
    w_.integer("audio_start_ms", e.audio_start_ms);
    w_.integer("audio_end_ms", e.audio_end_ms);
    w_.string("item_id", e.item_id);
    return end();
  }

  bool operator()(const ItemAdded& e) {
    if (unknown(e.item)) return false;
    begin(ga() ? "conversation.item.added" : "conversation.item.created");
    w_.string_or_null("previous_item_id", e.previous_item_id);
    item(e.item);
    return end();
  }
  bool operator()(const ItemDone& e) {
    if (!ga()) return false;
    begin("conversation.item.done");
    w_.string_or_null("previous_item_id", e.previous_item_id);
    item(e.item);
    return end();
  }
  bool operator()(const ItemRetrieved& e) {
    begin("conversation.item.retrieved");
    item(e.item);
    return end();
  }
  bool operator()(const ItemDeleted& e) {
    begin("conversation.item.deleted");
    w_.string("item_id", e.item_id);
    return end();
  }
  bool operator()(const ItemTruncated& e) {
    begin("conversation.item.truncated");
    w_.string("item_id", e.item_id);
    w_.integer("content_index", e.content_index);
    w_.integer("audio_end_ms", e.audio_end_ms);
    return end();
  }

  bool operator()(const TranscriptionDelta& e) {
    begin("conversation.item.input_audio_transcription.delta");
    w_.string("item_id", e.item_id);
    w_.integer("content_index", e.content_index);
    w_.string("delta", e.delta);
    obfuscation(e.obfuscation);
    return end();
  }
  bool operator()(const TranscriptionCompleted& e) {
    begin("conversation.item.input_audio_transcription.completed");
    w_.string("item_id", e.item_id);
    w_.integer("content_index", e.content_index);
    w_.string("transcript", e.transcript);
    if (!e.logprobs.empty()) {
      w_.begin_array("logprobs");
      for (const auto& entry : e.logprobs) {
        w_.begin_object();
        w_.string("token", entry.token);
        w_.number("logprob", entry.logprob);
        w_.begin_array("bytes");
        for (const char c : entry.token) w_.integer_element(static_cast<unsigned char>(c));
        w_.end_array();
        w_.end_object();
      }
      w_.end_array();
    }
    w_.begin_object("usage");
    w_.string("type", "duration");
    w_.number("seconds", e.audio_seconds);
    w_.end_object();
    return end();
  }
  // No `param`: an SDK's parser wants it to be a string or absent.
  bool operator()(const TranscriptionFailed& e) {
    begin("conversation.item.input_audio_transcription.failed");
    w_.string("item_id", e.item_id);
    w_.integer("content_index", e.content_index);
    w_.begin_object("error");
    w_.string("type", "transcription_error");
    if (!e.code.empty()) w_.string("code", e.code);
    w_.string("message", e.message);
    w_.end_object();
    return end();
  }

  bool operator()(const ResponseCreated& e) {
    begin("response.created");
    write_response(e.response, flavour_, w_);
    return end();
  }
  bool operator()(const ResponseDone& e) {
    begin("response.done");
    write_response(e.response, flavour_, w_);
    return end();
  }
  bool operator()(const OutputItemAdded& e) {
    if (unknown(e.item)) return false;
    begin("response.output_item.added");
    return output_item(e.response_id, e.output_index, e.item);
  }
  bool operator()(const OutputItemDone& e) {
    if (unknown(e.item)) return false;
    begin("response.output_item.done");
    return output_item(e.response_id, e.output_index, e.item);
  }
  bool operator()(const ContentPartAdded& e) {
    begin("response.content_part.added");
    place(e.ref);
    write_response_part(e.part, w_);
    return end();
  }
  bool operator()(const ContentPartDone& e) {
    begin("response.content_part.done");
    place(e.ref);
    write_response_part(e.part, w_);
    return end();
  }

  bool operator()(const TextDelta& e) {
    return text(ga() ? "response.output_text.delta" : "response.text.delta", e.ref, "delta",
                e.delta, e.obfuscation);
  }
  bool operator()(const TextDone& e) {
    return text(ga() ? "response.output_text.done" : "response.text.done", e.ref, "text", e.text);
  }
  bool operator()(const AudioTranscriptDelta& e) {
    return text(ga() ? "response.output_audio_transcript.delta" : "response.audio_transcript.delta",
                e.ref, "delta", e.delta, e.obfuscation);
  }
  bool operator()(const AudioTranscriptDone& e) {
    return text(ga() ? "response.output_audio_transcript.done" : "response.audio_transcript.done",
                e.ref, "transcript", e.transcript);
  }
  bool operator()(const AudioDelta& e) {
    begin(ga() ? "response.output_audio.delta" : "response.audio.delta");
    place(e.ref);
    std::string& out = w_.value_of("delta");
    out += '"';
    audio::base64_encode(e.audio, out);
    out += '"';
    return end();
  }
  bool operator()(const AudioDone& e) {
    begin(ga() ? "response.output_audio.done" : "response.audio.done");
    place(e.ref);
    return end();
  }

  bool operator()(const McpListToolsInProgress& e) {
    return mcp("mcp_list_tools.in_progress", std::nullopt, e.item_id);
  }
  bool operator()(const McpListToolsCompleted& e) {
    return mcp("mcp_list_tools.completed", std::nullopt, e.item_id);
  }
  bool operator()(const McpListToolsFailed& e) {
    return mcp("mcp_list_tools.failed", std::nullopt, e.item_id);
  }
  bool operator()(const McpCallArgumentsDelta& e) {
    if (!ga()) return false;
    begin("response.mcp_call_arguments.delta");
    output_place(e.ref);
    w_.string("delta", e.delta);
    w_.string("obfuscation", e.obfuscation);
    return end();
  }
  bool operator()(const McpCallArgumentsDone& e) {
    if (!ga()) return false;
    begin("response.mcp_call_arguments.done");
    output_place(e.ref);
    w_.string("arguments", e.arguments);
    return end();
  }
  bool operator()(const McpCallInProgress& e) {
    return mcp("response.mcp_call.in_progress", e.output_index, e.item_id);
  }
  bool operator()(const McpCallCompleted& e) {
    return mcp("response.mcp_call.completed", e.output_index, e.item_id);
  }
  bool operator()(const McpCallFailed& e) {
    return mcp("response.mcp_call.failed", e.output_index, e.item_id);
  }
  bool operator()(const FunctionCallArgumentsDelta& e) {
    begin("response.function_call_arguments.delta");
    call(e.ref, e.call_id);
    w_.string("delta", e.delta);
    obfuscation(e.obfuscation);
    return end();
  }
  bool operator()(const FunctionCallArgumentsDone& e) {
    begin("response.function_call_arguments.done");
    call(e.ref, e.call_id);
    if (ga()) w_.string("name", e.name);
    w_.string("arguments", e.arguments);
    return end();
  }

  bool operator()(const RateLimitsUpdated& e) {
    begin("rate_limits.updated");
    w_.begin_array("rate_limits");
    for (const RateLimit& limit : e.limits) {
      w_.begin_object();
      w_.string("name", limit.name);
      w_.integer("limit", limit.limit);
      w_.integer("remaining", limit.remaining);
      w_.number("reset_seconds", limit.reset_seconds);
      w_.end_object();
    }
    w_.end_array();
    return end();
  }

  bool operator()(const TurnMetrics& e) {
    begin("parley.turn.metrics");
    w_.string("response_id", e.response_id);
    if (e.item_id.empty()) {
      w_.null("item_id");
    } else {
      w_.string("item_id", e.item_id);
    }
    if (e.speech_stopped_at_ms) {
      w_.integer("speech_stopped_at_ms", *e.speech_stopped_at_ms);
    } else {
      w_.null("speech_stopped_at_ms");
    }
    number_or_null("endpoint_wait_ms", e.endpoint_wait_ms);
    number_or_null("recognition_ms", e.recognition_ms);
    number_or_null("first_token_ms", e.first_token_ms);
    number_or_null("first_clause_ms", e.first_clause_ms);
    number_or_null("first_audio_ms", e.first_audio_ms);
    number_or_null("overhead_ms", e.overhead_ms);
    w_.number("total_ms", e.total_ms);
    return end();
  }
  bool operator()(const DetectorLevel& e) {
    begin("parley.vad");
    w_.integer("audio_end_ms", e.audio_end_ms);
    w_.number("probability", e.probability);
    number_or_null("threshold", e.threshold);
    w_.boolean("speech", e.speech);
    return end();
  }

 private:
  void obfuscation(const std::string& padding) {
    if (ga() && !padding.empty()) w_.string("obfuscation", padding);
  }
  void number_or_null(std::string_view key, const std::optional<double>& value) {
    if (value) {
      w_.number(key, *value);
    } else {
      w_.null(key);
    }
  }
  bool ga() const { return flavour_ == Flavour::ga; }
  // The beta came before MCP.
  bool unknown(const Item& item) const { return !ga() && is_mcp(item.type); }

  // GA has one event name for both kinds of session, beta two.
  std::string_view session_event(const SessionConfig& config, std::string_view name,
                                 std::string_view transcription_name) const {
    return !ga() && config.type == SessionType::transcription ? transcription_name : name;
  }

  void begin(std::string_view type) {
    w_.begin_object();
    w_.string("type", type);
    w_.string("event_id", event_id_);
  }
  bool end() {
    w_.end_object();
    return true;
  }

  void item(const Item& item) {
    w_.begin_object("item");
    write_item_fields(item, flavour_, w_);
    w_.end_object();
  }
  bool output_item(const std::string& response_id, int output_index, const Item& added) {
    w_.string("response_id", response_id);
    w_.integer("output_index", output_index);
    item(added);
    return end();
  }
  void place(const PartRef& ref) {
    w_.string("response_id", ref.response_id);
    w_.string("item_id", ref.item_id);
    w_.integer("output_index", ref.output_index);
    w_.integer("content_index", ref.content_index);
  }
  void output_place(const PartRef& ref) {
    w_.string("response_id", ref.response_id);
    w_.string("item_id", ref.item_id);
    w_.integer("output_index", ref.output_index);
  }
  void call(const PartRef& ref, const std::string& call_id) {
    output_place(ref);
    w_.string("call_id", call_id);
  }
  bool mcp(std::string_view type, std::optional<int> output_index, const std::string& item_id) {
    if (!ga()) return false;
    begin(type);
    if (output_index) w_.integer("output_index", *output_index);
    w_.string("item_id", item_id);
    return end();
  }
  bool text(std::string_view type, const PartRef& ref, std::string_view key,
            const std::string& value, const std::string& padding = {}) {
    begin(type);
    place(ref);
    w_.string(key, value);
    obfuscation(padding);
    return end();
  }

  const std::string& event_id_;
  Flavour flavour_;
  Writer w_;
};

}  // namespace

bool write_server_event(const ServerEvent& event, Flavour flavour, std::string& out) {
  return std::visit(EventWriter(event.event_id, flavour, out), event.body);
}

}  // namespace parley::protocol::json
