// SPDX-License-Identifier: MIT
// Takes events that use every field, puts a value of each wrong JSON type into each field in turn,
// and expects a refusal that names this field or something in it. What a field accepts is taken
// from a small table of exceptions, so that a reader that forgets a check is found.
#include <map>
#include <set>

#include "protocol/json/value.h"
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

using json::Value;

constexpr std::string_view kEventsGa[] = {
    R"({"type":"session.update","event_id":"e","session":{"type":"realtime","model":"m",
      "output_modalities":["text"],"instructions":"i","tools":[{"type":"function","name":"f",
      "description":"d","parameters":{}}],"tool_choice":{"type":"function","name":"f"},
      "max_output_tokens":7,"parallel_tool_calls":true,"reasoning":{"effort":"low"},
      "tracing":{"workflow_name":"w","group_id":"g","metadata":{}},
      "prompt":{"id":"p","version":"1","variables":{}},
      "truncation":{"type":"retention_ratio","retention_ratio":0.5,
      "token_limits":{"post_instructions":1}},
      "include":["item.input_audio_transcription.logprobs"],
      "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
      "transcription":{"model":"m","language":"en","prompt":"p","languages":["en"],
      "keywords":["k"],"delay":"low"},"noise_reduction":{"type":"near_field"},
      "turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":1,
      "silence_duration_ms":1,"idle_timeout_ms":5000,"create_response":true,
      "interrupt_response":true}},
      "output":{"format":{"type":"audio/pcmu"},"voice":{"id":"v"},"speed":1.0}}}})",
    R"({"type":"session.update","session":{"type":"transcription","audio":{"input":{
      "turn_detection":{"type":"semantic_vad","eagerness":"low"}}}}})",
    R"({"type":"input_audio_buffer.append","event_id":"e","audio":"AAAA"})",
    R"({"type":"input_audio_buffer.commit","event_id":"e"})",
    R"({"type":"conversation.item.create","event_id":"e","previous_item_id":"i","item":{"id":"i",
      "object":"realtime.item","type":"message","status":"completed","role":"user","content":[
      {"type":"input_text","text":"t"},{"type":"input_audio","audio":"","transcript":"t"},
      {"type":"input_image","image_url":"data:image/png;base64,","detail":"low"}]}})",
    R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[
      {"type":"output_text","text":"t"}]}})",
    R"({"type":"conversation.item.create","item":{"type":"function_call","call_id":"c","name":"f",
      "arguments":"{}"}})",
    R"({"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c",
      "output":"o"}})",
    R"({"type":"conversation.item.retrieve","item_id":"i"})",
    R"({"type":"conversation.item.delete","item_id":"i"})",
    R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1})",
    R"({"type":"response.create","response":{"conversation":"none","output_modalities":["text"],
      "instructions":"i","audio":{"output":{"format":{"type":"audio/pcm","rate":24000},
      "voice":"v"}},"tools":[{"type":"function","name":"f"}],"tool_choice":"auto",
      "parallel_tool_calls":true,"reasoning":{"effort":"low"},"max_output_tokens":7,
      "metadata":{"k":"v"},"input":[{"type":"item_reference","id":"i"},{"type":"message",
      "role":"user","content":[{"type":"input_text","text":"t"}]}]}})",
    R"({"type":"response.cancel","response_id":"r"})",
};

constexpr std::string_view kEventsBeta[] = {
    R"({"type":"session.update","event_id":"e","session":{"model":"m","modalities":["text","audio"],
      "instructions":"i","voice":"v","input_audio_format":"pcm16","output_audio_format":"pcm16",
      "input_audio_transcription":{"model":"m","language":"en","prompt":"p"},
      "input_audio_noise_reduction":{"type":"near_field"},
      "turn_detection":{"type":"semantic_vad","eagerness":"low","threshold":0.5,
      "prefix_padding_ms":1,"silence_duration_ms":1,"idle_timeout_ms":5000,"create_response":true,
      "interrupt_response":true},"tools":[{"type":"function","name":"f","description":"d",
      "parameters":{}}],"tool_choice":{"type":"function","name":"f"},"temperature":0.8,
      "max_response_output_tokens":7,"speed":1.0,"tracing":{"workflow_name":"w"},
      "include":["x"]}})",
    R"({"type":"transcription_session.update","session":{"input_audio_format":"pcm16",
      "input_audio_transcription":{"model":"m"},"turn_detection":{"type":"server_vad"},
      "input_audio_noise_reduction":{"type":"near_field"},"include":["x"]}})",
    R"({"type":"conversation.item.create","event_id":"e","previous_item_id":"i","item":{"id":"i",
      "type":"message","status":"completed","role":"user","content":[
      {"type":"input_text","text":"t"},{"type":"input_audio","audio":"","transcript":"t"}]}})",
    R"({"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1})",
    R"({"type":"response.create","response":{"conversation":"none","modalities":["text"],
      "instructions":"i","voice":"v","output_audio_format":"pcm16","tools":[],
      "tool_choice":"auto","temperature":0.8,"max_output_tokens":7,
      "max_response_output_tokens":7,"metadata":{"k":"v"},"input":[]}})",
};

// Fields that take values of more than one type, besides the one in the events above.
bool takes(std::string_view path, const Value& value) {
  static const std::set<std::string_view> kNullable = {
      "previous_item_id",
      "item.content[1].transcript",
      "response.instructions",
      "response.metadata",
      "response.reasoning",
      "session.include",
      "session.tracing",
      "session.prompt",
      "session.prompt.version",
      "session.prompt.variables",
      "session.reasoning",
      "session.audio.input.transcription",
      "session.audio.input.transcription.language",
      "session.audio.input.transcription.prompt",
      "session.audio.input.noise_reduction",
      "session.audio.input.turn_detection",
      "session.audio.input.turn_detection.idle_timeout_ms"};
  static const std::set<std::string_view> kStringOrObject = {
      "session.audio.output.voice", "session.voice", "response.audio.output.voice",
      "response.voice"};
  if (value.is_null()) return kNullable.contains(path);
  return std::holds_alternative<std::string>(value.data) && kStringOrObject.contains(path);
}

// Beta counts null as absent where a field is optional; required ones stay checked.
bool required_in_beta(std::string_view path) {
  static const std::set<std::string_view> kRequired = {"type",
                                                       "session",
                                                       "item",
                                                       "item.type",
                                                       "item.role",
                                                       "item.content",
                                                       "item.content[0]",
                                                       "item.content[1]",
                                                       "item.content[0].type",
                                                       "item.content[0].text",
                                                       "item.content[1].type",
                                                       "item.content[1].audio",
                                                       "item_id",
                                                       "content_index",
                                                       "audio_end_ms",
                                                       "session.input_audio_noise_reduction.type",
                                                       "session.include[0]",
                                                       "session.modalities[0]",
                                                       "session.modalities[1]",
                                                       "session.tools[0]",
                                                       "session.tools[0].type",
                                                       "session.tools[0].name",
                                                       "session.tool_choice.type",
                                                       "session.tool_choice.name",
                                                       "response.modalities[0]",
                                                       "response.metadata.k"};
  return kRequired.contains(path);
}

bool same_type(const Value& a, const Value& b) {
  const auto number = [](const Value& value) {
    return std::holds_alternative<std::int64_t>(value.data) ||
           std::holds_alternative<double>(value.data);
  };
  return a.data.index() == b.data.index() || (number(a) && number(b));
}

std::vector<Value> values_of_each_type() {
  return {Value{},
          Value{true},
          Value{std::int64_t{1}},
          Value{0.25},
          Value{std::string("text")},
          Value{json::Array{}},
          Value{json::Object{}}};
}

class Confuser {
 public:
  Confuser(Dialect& dialect, bool lenient) : dialect_(dialect), lenient_(lenient) {}

  void run(std::string_view frame) {
    auto event = json::parse(frame);
    REQUIRE(event.has_value());
    event_ = std::move(*event);
    accepted(dialect_, text());
    visit(event_, "");
  }

  int tried() const { return tried_; }

 private:
  std::string text() const {
    std::string out;
    append_text(event_, out);
    return out;
  }

  void visit(Value& value, const std::string& path) {
    if (!path.empty()) confuse(value, path);
    if (json::Object* object = value.object()) {
      for (auto& member : *object) {
        visit(member.value, path.empty() ? member.key : path + "." + member.key);
      }
    } else if (json::Array* array = value.array()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        visit((*array)[i], path + "[" + std::to_string(i) + "]");
      }
    }
  }

  void confuse(Value& value, const std::string& path) {
    const Value right = value;
    for (Value& wrong : values_of_each_type()) {
      if (same_type(wrong, right) || takes(path, wrong)) continue;
      if (lenient_ && wrong.is_null() && !required_in_beta(path)) continue;
      value = std::move(wrong);
      const std::string frame = text();
      CAPTURE(frame);
      CAPTURE(path);
      const Refusal refusal = refused(dialect_, frame);
      CHECK_MESSAGE(refusal.param.starts_with(path), refusal.param << ": " << refusal.message);
      ++tried_;
    }
    value = right;
  }

  Dialect& dialect_;
  bool lenient_;
  Value event_;
  int tried_ = 0;
};

}  // namespace

TEST_CASE("GA: a value of the wrong type in any field is refused by that field's path") {
  const auto dialect = make_openai_ga();
  Confuser confuser(*dialect, false);
  for (const std::string_view frame : kEventsGa) confuser.run(frame);
  CHECK(confuser.tried() > 500);
}

TEST_CASE("beta: a value of the wrong type in any field is refused by that field's path") {
  const auto dialect = make_openai_beta();
  Confuser confuser(*dialect, true);
  for (const std::string_view frame : kEventsBeta) confuser.run(frame);
  CHECK(confuser.tried() > 200);
}

}  // namespace parley::protocol
