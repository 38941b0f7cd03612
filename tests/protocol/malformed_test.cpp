// SPDX-License-Identifier: MIT
// Frames that are refused, each with the code, the path and the client's event id. Nothing here may
// end a session: the answer is an `error` event.
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

struct Case {
  std::string_view frame;
  std::string_view code;
  std::string_view param;
  std::string_view event_id = "";
};

void check(Dialect& dialect, const Case& row) {
  CAPTURE(row.frame);
  const Refusal refusal = refused(dialect, row.frame);
  CHECK(refusal.code == row.code);
  CHECK(refusal.param == row.param);
  CHECK(refusal.event_id == row.event_id);
  CHECK_FALSE(refusal.message.empty());
}

// Both dialects refuse these alike.
constexpr Case kBoth[] = {
    {"", "invalid_json", ""},
    {"nope", "invalid_json", ""},
    {"{", "invalid_json", ""},
    {R"({"type":"response.create",})", "invalid_json", ""},
    {R"({"type":"response.create"} {})", "invalid_json", ""},
    {"{\"type\":\"response.create\",\"event_id\":\"\xFF\"}", "invalid_json", ""},
    {"[]", "invalid_event", ""},
    {"null", "invalid_event", ""},
    {"17", "invalid_event", ""},
    {"\"response.create\"", "invalid_event", ""},
    {"{}", "invalid_event", "type"},
    {R"({"event_id":"e"})", "invalid_event", "type", "e"},
    {R"({"type":null,"event_id":"e"})", "invalid_type", "type", "e"},
    {R"({"type":7,"event_id":"e"})", "invalid_type", "type", "e"},
    {R"({"type":"nope","event_id":"e"})", "invalid_value", "type", "e"},
    {R"({"type":"","event_id":"e"})", "invalid_value", "type", "e"},
    {R"({"type":"session.created","event_id":"e"})", "invalid_value", "type", "e"},
    {R"({"type":"response.create","event_id":7})", "invalid_type", "event_id"},
    {R"({"type":"response.create","event_id":["e"]})", "invalid_type", "event_id"},

    {R"({"type":"input_audio_buffer.append","event_id":"e"})", "missing_required_parameter",
     "audio", "e"},
    {R"({"type":"input_audio_buffer.append","audio":null,"event_id":"e"})", "invalid_type", "audio",
     "e"},
    {R"({"type":"input_audio_buffer.append","audio":["AAAA"],"event_id":"e"})", "invalid_type",
     "audio", "e"},

    {R"({"type":"session.update","event_id":"e"})", "missing_required_parameter", "session", "e"},
    {R"({"type":"session.update","session":"x","event_id":"e"})", "invalid_type", "session", "e"},
    {R"({"type":"session.update","session":null})", "invalid_type", "session"},

    {R"({"type":"conversation.item.create","event_id":"e"})", "missing_required_parameter", "item",
     "e"},
    {R"({"type":"conversation.item.create","item":[]})", "invalid_type", "item"},
    {R"({"type":"conversation.item.create","item":{}})", "missing_required_parameter", "item.type"},
    {R"({"type":"conversation.item.create","item":{"type":"item_reference","id":"i"}})",
     "invalid_value", "item.type"},
    {R"({"type":"conversation.item.create","previous_item_id":1,"item":{}})", "invalid_type",
     "previous_item_id"},
    {R"({"type":"conversation.item.create","item":{"type":"message"}})",
     "missing_required_parameter", "item.role"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"robot"}})",
     "invalid_value", "item.role"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user"}})",
     "missing_required_parameter", "item.content"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user",)"
     R"("content":"Hi"}})",
     "invalid_type", "item.content"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user",)"
     R"("content":["Hi"]}})",
     "invalid_type", "item.content[0]"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_text","text":"a"},{"type":"input_text"}]}})",
     "missing_required_parameter", "item.content[1].text"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_text","text":1}]}})",
     "invalid_type", "item.content[0].text"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"text":"a"}]}})",
     "missing_required_parameter", "item.content[0].type"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_audio"}]}})",
     "missing_required_parameter", "item.content[0].audio"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"system","content":[
      {"type":"input_audio","audio":""}]}})",
     "invalid_value", "item.content[0].type"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[],
      "status":"done"}})",
     "invalid_value", "item.status"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[],
      "object":"item"}})",
     "invalid_value", "item.object"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[],
      "id":""}})",
     "invalid_value", "item.id"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[],
      "id":"123e4567-e89b-12d3-a456-426614174000"}})",
     "string_above_max_length", "item.id"},
    {R"({"type":"conversation.item.create","item":{"type":"function_call","arguments":"{}"}})",
     "missing_required_parameter", "item.name"},
    {R"({"type":"conversation.item.create","item":{"type":"function_call","name":"f",
      "arguments":{}}})",
     "invalid_type", "item.arguments"},
    {R"({"type":"conversation.item.create","item":{"type":"function_call_output","output":"o"}})",
     "missing_required_parameter", "item.call_id"},
    {R"({"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c"}})",
     "missing_required_parameter", "item.output"},
    {R"({"type":"conversation.item.create","item":{"type":"function_call_output","output":"o",
      "call_id":"123456789012345678901234567890123"}})",
     "string_above_max_length", "item.call_id"},

    {R"({"type":"conversation.item.retrieve"})", "missing_required_parameter", "item_id"},
    {R"({"type":"conversation.item.delete","item_id":3,"event_id":"e"})", "invalid_type", "item_id",
     "e"},
    {R"({"type":"conversation.item.truncate","item_id":"i","content_index":0})",
     "missing_required_parameter", "audio_end_ms"},
    {R"({"type":"conversation.item.truncate","item_id":"i","audio_end_ms":0})",
     "missing_required_parameter", "content_index"},
    {R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":-1})",
     "integer_below_min_value", "audio_end_ms"},
    {R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1.5})",
     "invalid_type", "audio_end_ms"},
    {R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1e30})",
     "integer_above_max_value", "audio_end_ms"},
    {R"({"type":"conversation.item.truncate","item_id":"i","content_index":18446744073709551615,
      "audio_end_ms":1})",
     "integer_above_max_value", "content_index"},

    {R"({"type":"response.create","response":[]})", "invalid_type", "response"},
    {R"({"type":"response.create","response":{"conversation":"conv_1"}})", "invalid_value",
     "response.conversation"},
    {R"({"type":"response.create","response":{"max_output_tokens":0}})", "integer_below_min_value",
     "response.max_output_tokens"},
    {R"({"type":"response.create","response":{"max_output_tokens":4097}})",
     "integer_above_max_value", "response.max_output_tokens"},
    {R"({"type":"response.create","response":{"max_output_tokens":"many"}})", "invalid_value",
     "response.max_output_tokens"},
    {R"({"type":"response.create","response":{"metadata":{"k":1}}})", "invalid_type",
     "response.metadata.k"},
    {R"({"type":"response.create","response":{"metadata":{"1":"","2":"","3":"","4":"","5":"","6":"",
      "7":"","8":"","9":"","10":"","11":"","12":"","13":"","14":"","15":"","16":"","17":""}}})",
     "array_above_max_length", "response.metadata"},
    {R"({"type":"response.create","response":{"metadata":{
      "a123456789b123456789c123456789d123456789e123456789f123456789g1234":""}}})",
     "string_above_max_length", "response.metadata"},
    {R"({"type":"response.create","response":{"input":{}}})", "invalid_type", "response.input"},
    {R"({"type":"response.create","response":{"input":[{"type":"item_reference"}]}})",
     "missing_required_parameter", "response.input[0].id"},
    {R"({"type":"response.create","response":{"input":[{"type":"item_reference","id":"i"},
      {"type":"message","role":"user","content":[{"type":"input_text"}]}]}})",
     "missing_required_parameter", "response.input[1].content[0].text"},
    {R"({"type":"response.create","response":{"tools":[{"name":"f"}]}})",
     "missing_required_parameter", "response.tools[0].type"},
    {R"({"type":"response.create","response":{"tools":[{"type":"function"}]}})",
     "missing_required_parameter", "response.tools[0].name"},
    {R"({"type":"response.create","response":{"tools":[{"type":"function","name":"f",
      "parameters":"{}"}]}})",
     "invalid_type", "response.tools[0].parameters"},
    {R"({"type":"response.create","response":{"tool_choice":"maybe"}})", "invalid_value",
     "response.tool_choice"},
    {R"({"type":"response.create","response":{"tool_choice":{"type":"function"}}})",
     "missing_required_parameter", "response.tool_choice.name"},
    {R"({"type":"response.cancel","response_id":1})", "invalid_type", "response_id"},
};

constexpr Case kGa[] = {
    {R"({"type":"transcription_session.update","session":{}})", "invalid_value", "type"},
    {R"({"type":"response.create","event_id":null})", "invalid_type", "event_id"},
    {R"({"type":"response.cancel","foo":1,"event_id":"e"})", "unknown_parameter", "foo", "e"},
    {R"({"type":"input_audio_buffer.append","audio":"AAAA","foo":1,"event_id":"e"})",
     "unknown_parameter", "foo", "e"},
    {R"({"type":"session.update","session":{}})", "missing_required_parameter", "session.type"},
    {R"({"type":"session.update","session":{"modalities":["text"]}})", "missing_required_parameter",
     "session.type"},
    {R"({"type":"session.update","session":{"type":"chat"}})", "invalid_value", "session.type"},
    {R"({"type":"session.update","session":{"type":"realtime","temperature":0.8}})",
     "unknown_parameter", "session.temperature"},
    {R"({"type":"session.update","session":{"type":"realtime","voice":"alloy"}})",
     "unknown_parameter", "session.voice"},
    {R"({"type":"session.update","session":{"type":"realtime",)"
     R"("output_modalities":["text","audio"]}})",
     "invalid_value", "session.output_modalities"},
    {R"({"type":"session.update","session":{"type":"realtime","output_modalities":[]}})",
     "invalid_value", "session.output_modalities"},
    {R"({"type":"session.update","session":{"type":"realtime","output_modalities":["video"]}})",
     "invalid_value", "session.output_modalities[0]"},
    {R"({"type":"session.update","session":{"type":"realtime","instructions":null}})",
     "invalid_type", "session.instructions"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"output":{"speed":3}}}})",
     "decimal_above_max_value", "session.audio.output.speed"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"output":{"speed":0.1}}}})",
     "decimal_below_min_value", "session.audio.output.speed"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"output":{"speed":"1"}}}})",
     "invalid_type", "session.audio.output.speed"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"output":{"voice":{}}}}})",
     "missing_required_parameter", "session.audio.output.voice.id"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"speaker":{}}}})",
     "unknown_parameter", "session.audio.speaker"},
    {R"({"type":"session.update","session":{"type":"realtime",)"
     R"("audio":{"input":{"format":"pcm16"}}}})",
     "invalid_type", "session.audio.input.format"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{}}}}})",
     "missing_required_parameter", "session.audio.input.format.type"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":
      {"type":"audio/opus"}}}}})",
     "invalid_value", "session.audio.input.format.type"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":
      {"type":"audio/pcm","rate":11025}}}}})",
     "integer_below_min_value", "session.audio.input.format.rate"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":
      {"type":"audio/pcm","rate":44100}}}}})",
     "invalid_value", "session.audio.input.format.rate"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":
      {"type":"audio/pcma","rate":24000}}}}})",
     "invalid_value", "session.audio.input.format.rate"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {}}}}})",
     "missing_required_parameter", "session.audio.input.turn_detection.type"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"none"}}}}})",
     "invalid_value", "session.audio.input.turn_detection.type"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","threshold":1.01}}}}})",
     "decimal_above_max_value", "session.audio.input.turn_detection.threshold"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","silence_duration_ms":-1}}}}})",
     "integer_below_min_value", "session.audio.input.turn_detection.silence_duration_ms"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","prefix_padding_ms":10001}}}}})",
     "integer_above_max_value", "session.audio.input.turn_detection.prefix_padding_ms"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","idle_timeout_ms":4999}}}}})",
     "integer_below_min_value", "session.audio.input.turn_detection.idle_timeout_ms"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","eagerness":"low"}}}}})",
     "unknown_parameter", "session.audio.input.turn_detection.eagerness"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"semantic_vad","threshold":0.5}}}}})",
     "unknown_parameter", "session.audio.input.turn_detection.threshold"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"semantic_vad","eagerness":"eager"}}}}})",
     "invalid_value", "session.audio.input.turn_detection.eagerness"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"noise_reduction":
      {"type":"off"}}}}})",
     "invalid_value", "session.audio.input.noise_reduction.type"},
    {R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"transcription":
      {"model":"m","delay":"soon"}}}}})",
     "invalid_value", "session.audio.input.transcription.delay"},
    {R"({"type":"conversation.item.create","item":{"type":"mcp_approval_response"}})",
     "missing_required_parameter", "item.approval_request_id"},
    {R"({"type":"conversation.item.create","item":{"type":"mcp_approval_response",
      "approval_request_id":"a","approve":"yes"}})",
     "invalid_type", "item.approve"},
    {R"({"type":"conversation.item.create","item":{"type":"mcp_call","server_label":"s",
      "name":"n","arguments":"{}","error":{"type":"http_error","message":"m"}}})",
     "missing_required_parameter", "item.error.code"},
    {R"({"type":"conversation.item.create","item":{"type":"mcp_list_tools","server_label":"s",
      "tools":[{"name":"n"}]}})",
     "missing_required_parameter", "item.tools[0].input_schema"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp"}]}})",
     "missing_required_parameter", "session.tools[0].server_label"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","server_url":"ftp://host/"}]}})",
     "invalid_value", "session.tools[0].server_url"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","connector_id":"connector_gmail"}]}})",
     "invalid_value", "session.tools[0].connector_id"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","headers":{"a":1}}]}})",
     "invalid_type", "session.tools[0].headers.a"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","require_approval":"sometimes"}]}})",
     "invalid_value", "session.tools[0].require_approval"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","require_approval":{"never":{"tool_names":"x"}}}]}})",
     "invalid_type", "session.tools[0].require_approval.never.tool_names"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp",
      "server_label":"s","allowed_tools":[1]}]}})",
     "invalid_type", "session.tools[0].allowed_tools[0]"},
    {R"({"type":"session.update","session":{"type":"realtime",
      "tool_choice":{"type":"mcp"}}})",
     "missing_required_parameter", "session.tool_choice.server_label"},
    {R"({"type":"session.update","session":{"type":"realtime","tools":[{"type":"function",
      "name":"f","strict":true}]}})",
     "unknown_parameter", "session.tools[0].strict"},
    {R"({"type":"session.update","session":{"type":"realtime","tool_choice":7}})", "invalid_type",
     "session.tool_choice"},
    {R"({"type":"session.update","session":{"type":"realtime","truncation":"never"}})",
     "invalid_value", "session.truncation"},
    {R"({"type":"session.update","session":{"type":"realtime","truncation":
      {"type":"retention_ratio"}}})",
     "missing_required_parameter", "session.truncation.retention_ratio"},
    {R"({"type":"session.update","session":{"type":"realtime","truncation":
      {"type":"retention_ratio","retention_ratio":2}}})",
     "decimal_above_max_value", "session.truncation.retention_ratio"},
    {R"({"type":"session.update","session":{"type":"realtime","tracing":"on"}})", "invalid_value",
     "session.tracing"},
    {R"({"type":"session.update","session":{"type":"realtime","prompt":{}}})",
     "missing_required_parameter", "session.prompt.id"},
    {R"({"type":"session.update","session":{"type":"realtime","include":["everything"]}})",
     "invalid_value", "session.include[0]"},
    {R"({"type":"session.update","session":{"type":"realtime","reasoning":{"effort":"none"}}})",
     "invalid_value", "session.reasoning.effort"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_text","text":"a","extra":1}]}})",
     "unknown_parameter", "item.content[0].extra"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"text","text":"a"}]}})",
     "invalid_value", "item.content[0].type"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_image","image_url":"https://example.com/a.png"}]}})",
     "invalid_value", "item.content[0].image_url"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[
      {"type":"text","text":"a"}]}})",
     "invalid_value", "item.content[0].type"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[
      {"type":"output_audio","audio":"AAAA"}]}})",
     "missing_required_parameter", "item.content[0].text"},
    {R"({"type":"response.create","response":{"modalities":["text"]}})", "unknown_parameter",
     "response.modalities"},
    {R"({"type":"response.create","response":{"prompt":{"id":"pmpt_1"}}})", "invalid_value",
     "response.prompt"},
    {R"({"type":"response.create","response":{"tools":[{"type":"mcp"}]}})",
     "missing_required_parameter", "response.tools[0].server_label"},
};

constexpr Case kBeta[] = {
    {R"({"type":"session.update","session":{"modalities":["audio"]}})", "invalid_value",
     "session.modalities"},
    {R"({"type":"session.update","session":{"input_audio_format":"mp3"}})", "invalid_value",
     "session.input_audio_format"},
    {R"({"type":"session.update","session":{"output_audio_format":{"type":"audio/pcm"}}})",
     "invalid_type", "session.output_audio_format"},
    {R"({"type":"session.update","session":{"temperature":0.5}})", "decimal_below_min_value",
     "session.temperature"},
    {R"({"type":"session.update","session":{"temperature":1.3}})", "decimal_above_max_value",
     "session.temperature"},
    {R"({"type":"session.update","session":{"max_response_output_tokens":5000}})",
     "integer_above_max_value", "session.max_response_output_tokens"},
    {R"({"type":"session.update","session":{"turn_detection":{"type":"client_vad"}}})",
     "invalid_value", "session.turn_detection.type"},
    {R"({"type":"session.update","session":{"turn_detection":false}})", "invalid_type",
     "session.turn_detection"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[
      {"type":"audio","audio":"AAAA"}]}})",
     "missing_required_parameter", "item.content[0].text"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"item_reference","id":"i"}]}})",
     "invalid_value", "item.content[0].type"},
    {R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
      {"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}})",
     "invalid_value", "item.content[0].type"},
    {R"({"type":"transcription_session.update","session":{"input_audio_transcription":7}})",
     "invalid_type", "session.input_audio_transcription"},
    {R"({"type":"response.create","response":{"voice":7}})", "invalid_type", "response.voice"},
};

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + text.size());
  while (out.size() < bytes) out += text;
  return out;
}

}  // namespace

TEST_CASE("malformed frames are refused with code, path and event id, in both dialects") {
  static_assert(std::size(kBoth) + std::size(kGa) + std::size(kBeta) >= 60);
  for (const Case& row : kBoth) {
    check(*make_openai_ga(), row);
    check(*make_openai_beta(), row);
  }
}

TEST_CASE("GA: malformed frames are refused with code, path and event id") {
  for (const Case& row : kGa) check(*make_openai_ga(), row);
}

TEST_CASE("beta: malformed frames are refused with code, path and event id") {
  for (const Case& row : kBeta) check(*make_openai_beta(), row);
}

TEST_CASE("refusals read as the hosted service's") {
  const auto message = [](std::string_view frame) { return refused_ga(frame).message; };
  CHECK(message("{") == "Invalid event: failed to parse JSON value. ");
  CHECK(message("[]") == "Invalid event: expected a JSON object.");
  CHECK(message(R"({"type":"nope"})") ==
        "Invalid value: 'nope'. Supported values are: 'session.update', "
        "'input_audio_buffer.append', 'input_audio_buffer.commit', 'input_audio_buffer.clear', "
        "'conversation.item.create', 'conversation.item.truncate', 'conversation.item.delete', "
        "'conversation.item.retrieve', 'response.create', 'response.cancel', and "
        "'output_audio_buffer.clear'.");
  CHECK(refused_beta(R"({"type":"nope"})").message.find("'transcription_session.update'") !=
        std::string::npos);
  CHECK(message(R"({"type":"session.update","session":{}})") ==
        "Missing required parameter: 'session.type'.");
  CHECK(message(R"({"type":"session.update","session":{"type":"realtime","temperature":1}})") ==
        "Unknown parameter: 'session.temperature'.");
  CHECK(message(R"({"type":"session.update","session":{"type":"realtime",)"
                R"("audio":{"output":{"speed":"1"}}}})") ==
        "Invalid type for 'session.audio.output.speed': expected a number, but got a string "
        "instead.");
  CHECK(message(R"({"type":"session.update","session":{"type":"realtime",)"
                R"("audio":{"output":{"speed":3}}}})") ==
        "Invalid 'session.audio.output.speed': decimal above maximum value. Expected a value <= "
        "1.5, but got 3 instead.");
  CHECK(message(R"({"type":"session.update","session":{"type":"realtime",)"
                R"("output_modalities":["text","audio"]}})") ==
        "Invalid modalities: ['text', 'audio']. Supported combinations are: ['text'] and "
        "['audio'].");
  CHECK(message(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",
    "content":[],"id":"123e4567-e89b-12d3-a456-426614174000"}})") ==
        "Invalid 'item.id': string too long. Expected a string with maximum length 32, but got a "
        "string with length 36 instead.");
  CHECK(message(R"({"type":"session.update","session":{"type":"chat"}})") ==
        "Invalid value: 'chat'. Supported values are: 'realtime' and 'transcription'.");
}

TEST_CASE("an event id of 512 characters is taken, a longer one refused") {
  const auto frame = [](std::size_t length) {
    return R"({"type":"response.cancel","event_id":")" + std::string(length, 'a') + "\"}";
  };
  CHECK(accepted_ga(frame(512)).event_id.size() == 512);
  const Refusal refusal = refused_ga(frame(513));
  CHECK(refusal.code == "string_above_max_length");
  CHECK(refusal.param == "event_id");
  CHECK(refusal.event_id.empty());
}

TEST_CASE("a refusal never repeats more than a little of what the client sent") {
  const std::string big(1'000'000, 'x');
  CHECK(refused_ga(R"({"type":")" + big + "\"}").message.size() < 1000);
  const Refusal unknown = refused_ga(R"({"type":"response.cancel",")" + big + "\":1}");
  CHECK(unknown.code == "unknown_parameter");
  CHECK(unknown.param.size() < 200);
  CHECK(
      refused_ga(R"({"type":"session.update","session":{"type":")" + big + "\"}}").message.size() <
      1000);
  CHECK(refused_ga(R"({"type":"response.create","response":{"metadata":{")" + big + "\":1}}}")
            .message.size() < 1000);
}

TEST_CASE("frames of the largest size that make no sense are refused, deep ones too") {
  constexpr std::size_t kFrameMax = 24 << 20;
  for (const std::string_view piece :
       {"[", "{\"a\":", "x", "1,", "[1,2,3],", "\"", "\xFF", " ", "\\", "{\"type\":"}) {
    CAPTURE(piece);
    CHECK(refused_ga(repeated(piece, kFrameMax)).code == "invalid_json");
  }
  CHECK(refused_ga("[" + repeated("1,", kFrameMax) + "1]").code == "invalid_json");
  CHECK(refused_ga("{\"type\":\"response.cancel\",\"a\":\"" + repeated("a", kFrameMax) + "\"}")
            .code == "unknown_parameter");
  CHECK(refused_ga(repeated("{\"a\":", 400) + "1" + repeated("}", 80)).code == "invalid_json");
}

}  // namespace parley::protocol
