// SPDX-License-Identifier: MIT
#include "protocol/json/read_response_create.h"

#include "protocol/json/read_item.h"
#include "protocol/json/read_settings.h"

namespace parley::protocol::json {
namespace {

template <class T, class F>
void set(ObjectReader& fields, std::string_view key, std::optional<T>& out, F read) {
  if (Value* value = fields.find(key)) out = read(*value, fields.path(key), fields.reading());
}

void read_shared_fields(ObjectReader& fields, ResponseCreate& out) {
  constexpr std::array kConversations = {Name<bool>{"auto", false}, Name<bool>{"none", true}};
  constexpr std::size_t kInputMax = 10'000;
  out.out_of_band = fields.name("conversation", kConversations).value_or(false);
  // A client in use sends null for "as the session's".
  if (Value* text = fields.find_nullable("instructions"); text != nullptr && !text->is_null()) {
    out.instructions = read_string(*text, fields.path("instructions"), fields.reading());
  }
  set(fields, "tools", out.tools, read_tools);
  set(fields, "tool_choice", out.tool_choice, read_tool_choice);
  set(fields, "max_output_tokens", out.max_output_tokens, read_max_output_tokens);
  if (Value* metadata = fields.find_nullable("metadata")) {
    out.metadata = read_metadata(*metadata, fields.path("metadata"), fields.reading());
  }
  if (Value* input = fields.find("input")) {
    out.input.emplace();
    for_each_element(*input, fields.path("input"), fields.reading(), kInputMax,
                     [&](Value& entry, const std::string& path) {
                       out.input->push_back(read_response_input(entry, path, fields.reading()));
                     });
  }
}

// Stored prompts live on OpenAI's side; a response asked for with one cannot be given.
void refuse_prompt(ObjectReader& fields) {
  const Value* prompt = fields.find_nullable("prompt");
  if (prompt == nullptr || prompt->is_null()) return;
  const std::string path = fields.path("prompt");
  fields.reading().fail("invalid_value",
                        "Invalid '" + path + "': stored prompts are not supported here.", path);
}

void read_ga_fields(ObjectReader& fields, ResponseCreate& out) {
  set(fields, "output_modalities", out.output_modality, read_modality);
  out.parallel_tool_calls = fields.boolean("parallel_tool_calls");
  if (Value* reasoning = fields.find_nullable("reasoning")) {
    out.reasoning_effort = read_reasoning(*reasoning, fields.path("reasoning"), fields.reading());
  }
  if (auto audio = fields.object("audio")) {
    if (auto output = audio->object("output")) {
      set(*output, "format", out.output_format, read_audio_format);
      set(*output, "voice", out.voice, read_voice);
      output->finish();
    }
    audio->finish();
  }
  refuse_prompt(fields);
}

void read_beta_fields(ObjectReader& fields, ResponseCreate& out) {
  set(fields, "modalities", out.output_modality, read_modality);
  set(fields, "voice", out.voice, read_voice);
  set(fields, "output_audio_format", out.output_format, read_audio_format);
  out.temperature = fields.number("temperature", kTemperatureRange);
  // Both names were documented, at different times.
  set(fields, "max_response_output_tokens", out.max_output_tokens, read_max_output_tokens);
}

}  // namespace

ResponseCreate read_response_create(Value& value, const std::string& path, Reading& reading) {
  ResponseCreate out;
  ObjectReader fields(value, path, reading);
  read_shared_fields(fields, out);
  if (reading.flavour() == Flavour::ga) {
    read_ga_fields(fields, out);
  } else {
    read_beta_fields(fields, out);
  }
  fields.finish();
  return out;
}

}  // namespace parley::protocol::json
