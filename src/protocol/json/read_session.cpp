// SPDX-License-Identifier: MIT
#include "protocol/json/read_session.h"

#include <array>
#include <string_view>

#include "protocol/json/read_settings.h"

namespace parley::protocol::json {
namespace {

// Sets `out` to what `read` makes of the field `key`, if it is there. null reaches `read`.
template <class T, class F>
void patch_nullable(ObjectReader& fields, std::string_view key, Patch<T>& out, F read) {
  if (Value* value = fields.find_nullable(key)) {
    out = read(*value, fields.path(key), fields.reading());
  }
}

// As above, for fields that null does not clear.
template <class T, class F>
void patch(ObjectReader& fields, std::string_view key, Patch<T>& out, F read) {
  if (Value* value = fields.find(key)) out = read(*value, fields.path(key), fields.reading());
}

void read_input_ga(ObjectReader& input, SessionPatch& out) {
  patch(input, "format", out.input_format, read_audio_format);
  patch_nullable(input, "transcription", out.transcription, read_transcription);
  patch_nullable(input, "noise_reduction", out.noise_reduction, read_noise_reduction);
  patch_nullable(input, "turn_detection", out.turn_detection, read_turn_detection);
  input.finish();
}

void read_output_ga(ObjectReader& output, SessionPatch& out) {
  patch(output, "format", out.output_format, read_audio_format);
  patch(output, "voice", out.voice, read_voice);
  out.speed = output.number("speed", kSpeedRange);
  output.finish();
}

// Where a session's secret is made (server/rest_api.h) it has an effect, in an update it has none;
// its form is checked all the same. The document calls the expiry `expires_at`.
void check_client_secret(ObjectReader& fields) {
  auto secret = fields.object("client_secret");
  if (!secret) return;
  constexpr std::array kAnchors = {Name<int>{"created_at", 0}};
  for (const std::string_view key : {"expires_at", "expires_after"}) {
    auto expiry = secret->object(key);
    if (!expiry) continue;
    expiry->name("anchor", kAnchors);
    expiry->integer("seconds", {.min = 10, .max = 7200});
    expiry->finish();
  }
  secret->finish();
}

}  // namespace

SessionPatch read_session_ga(Value& value, const std::string& path, Reading& reading) {
  SessionPatch out;
  ObjectReader fields(value, path, reading);
  out.type = fields.required_name("type", kSessionTypes);
  const bool realtime = out.type == SessionType::realtime;
  if (realtime) {
    out.model = fields.string("model");
    patch(fields, "output_modalities", out.output_modality, read_modality);
    out.instructions = fields.string("instructions");
    patch(fields, "tools", out.tools, read_tools);
    patch(fields, "tool_choice", out.tool_choice, read_tool_choice);
    patch(fields, "max_output_tokens", out.max_output_tokens, read_max_output_tokens);
    out.parallel_tool_calls = fields.boolean("parallel_tool_calls");
    patch_nullable(fields, "reasoning", out.reasoning_effort, read_reasoning);
    patch_nullable(fields, "tracing", out.tracing, read_tracing);
    patch_nullable(fields, "prompt", out.prompt, read_prompt);
    patch(fields, "truncation", out.truncation, read_truncation);
  }
  patch_nullable(fields, "include", out.include, read_include);
  if (auto audio = fields.object("audio")) {
    if (auto input = audio->object("input")) read_input_ga(*input, out);
    if (realtime) {
      if (auto output = audio->object("output")) read_output_ga(*output, out);
    }
    audio->finish();
  }
  fields.finish();
  return out;
}

SessionPatch read_session_beta(Value& value, const std::string& path, SessionType type,
                               Reading& reading) {
  SessionPatch out;
  out.type = type;
  ObjectReader fields(value, path, reading);
  if (type == SessionType::realtime) {
    out.model = fields.string("model");
    patch(fields, "modalities", out.output_modality, read_modality);
    out.instructions = fields.string("instructions");
    patch(fields, "voice", out.voice, read_voice);
    patch(fields, "output_audio_format", out.output_format, read_audio_format);
    patch(fields, "tools", out.tools, read_tools);
    patch(fields, "tool_choice", out.tool_choice, read_tool_choice);
    out.temperature = fields.number("temperature", kTemperatureRange);
    patch(fields, "max_response_output_tokens", out.max_output_tokens, read_max_output_tokens);
    out.speed = fields.number("speed", kSpeedRange);
    patch_nullable(fields, "tracing", out.tracing, read_tracing);
    patch_nullable(fields, "prompt", out.prompt, read_prompt);
  }
  patch(fields, "input_audio_format", out.input_format, read_audio_format);
  patch_nullable(fields, "input_audio_transcription", out.transcription, read_transcription);
  patch_nullable(fields, "input_audio_noise_reduction", out.noise_reduction, read_noise_reduction);
  patch_nullable(fields, "turn_detection", out.turn_detection, read_turn_detection);
  patch_nullable(fields, "include", out.include, read_include);
  check_client_secret(fields);
  if (type == SessionType::transcription) {
    // Such a session answers nothing; the field is the beta's, and only its form matters.
    if (Value* modalities = fields.find("modalities")) {
      read_modality(*modalities, fields.path("modalities"), reading);
    }
  }
  fields.finish();
  return out;
}

}  // namespace parley::protocol::json
