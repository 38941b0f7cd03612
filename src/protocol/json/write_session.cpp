// SPDX-License-Identifier: MIT
#include "protocol/json/write_session.h"

#include "protocol/json/names.h"

namespace parley::protocol::json {
namespace {

void write_raw_or_null(std::string_view key, const base::RawJson& raw, Writer& w) {
  if (raw.present()) {
    w.raw(key, raw.text);
  } else {
    w.null(key);
  }
}

void write_include(const std::optional<std::vector<std::string>>& include, Writer& w) {
  if (!include) return w.null("include");
  w.begin_array("include");
  for (const std::string& name : *include) w.string_element(name);
  w.end_array();
}

void write_client_secret(const std::optional<ClientSecret>& secret, Writer& w) {
  if (!secret) return w.null("client_secret");
  w.begin_object("client_secret");
  w.string("value", secret->value);
  w.integer("expires_at", secret->expires_at.unix_seconds);
  w.end_object();
}

void write_input_ga(const SessionConfig& config, Writer& w) {
  w.begin_object("input");
  write_audio_format("format", config.input_format, Flavour::ga, w);
  write_transcription("transcription", config.transcription, w);
  write_noise_reduction("noise_reduction", config.noise_reduction, w);
  write_turn_detection(config.turn_detection, config.type, Flavour::ga, w);
  w.end_object();
}

void write_realtime_ga(const SessionInfo& info, const SessionConfig& config, Writer& w) {
  w.string("type", "realtime");
  w.string("object", "realtime.session");
  w.string("id", info.id);
  w.string("model", config.model);
  write_modality("output_modalities", config.output_modality, Flavour::ga, w);
  w.string("instructions", config.instructions);
  write_tools(config.tools, Flavour::ga, w);
  write_tool_choice(config.tool_choice, w);
  write_max_output_tokens("max_output_tokens", config.max_output_tokens, w);
  write_raw_or_null("tracing", config.tracing, w);
  write_truncation(config.truncation, w);
  write_raw_or_null("prompt", config.prompt, w);
  w.integer("expires_at", info.expires_at.unix_seconds);
  w.begin_object("audio");
  write_input_ga(config, w);
  w.begin_object("output");
  write_audio_format("format", config.output_format, Flavour::ga, w);
  w.string("voice", config.voice);
  w.number("speed", config.speed);
  w.end_object();
  w.end_object();
  write_include(config.include, w);
  if (config.parallel_tool_calls) w.boolean("parallel_tool_calls", *config.parallel_tool_calls);
  if (config.reasoning_effort) {
    w.begin_object("reasoning");
    w.string("effort", *config.reasoning_effort);
    w.end_object();
  }
}

void write_transcription_ga(const SessionInfo& info, const SessionConfig& config, Writer& w) {
  w.string("type", "transcription");
  w.string("object", "realtime.transcription_session");
  w.string("id", info.id);
  w.integer("expires_at", info.expires_at.unix_seconds);
  w.begin_object("audio");
  write_input_ga(config, w);
  w.end_object();
  write_include(config.include, w);
}

void write_realtime_beta(const SessionInfo& info, const SessionConfig& config, Writer& w) {
  w.string("id", info.id);
  w.string("object", "realtime.session");
  w.string("model", config.model);
  w.integer("expires_at", info.expires_at.unix_seconds);
  write_modality("modalities", config.output_modality, Flavour::beta, w);
  w.string("instructions", config.instructions);
  w.string("voice", config.voice);
  write_turn_detection(config.turn_detection, config.type, Flavour::beta, w);
  write_audio_format("input_audio_format", config.input_format, Flavour::beta, w);
  write_audio_format("output_audio_format", config.output_format, Flavour::beta, w);
  write_transcription("input_audio_transcription", config.transcription, w);
  write_tool_choice(config.tool_choice, w);
  w.number("temperature", config.temperature.value_or(kTemperatureShown));
  write_max_output_tokens("max_response_output_tokens", config.max_output_tokens, w);
  write_client_secret(info.client_secret, w);
  write_tools(config.tools, Flavour::beta, w);
  w.number("speed", config.speed);
  write_raw_or_null("tracing", config.tracing, w);
  write_noise_reduction("input_audio_noise_reduction", config.noise_reduction, w);
  write_include(config.include, w);
  write_raw_or_null("prompt", config.prompt, w);
}

void write_transcription_beta(const SessionInfo& info, const SessionConfig& config, Writer& w) {
  w.string("id", info.id);
  w.string("object", "realtime.transcription_session");
  w.integer("expires_at", info.expires_at.unix_seconds);
  write_audio_format("input_audio_format", config.input_format, Flavour::beta, w);
  write_transcription("input_audio_transcription", config.transcription, w);
  write_turn_detection(config.turn_detection, config.type, Flavour::beta, w);
  write_noise_reduction("input_audio_noise_reduction", config.noise_reduction, w);
  w.begin_array("include");
  if (config.include) {
    for (const std::string& name : *config.include) w.string_element(name);
  }
  w.end_array();
  write_client_secret(info.client_secret, w);
  write_modality("modalities", Modality::audio, Flavour::beta, w);
}

}  // namespace

void write_session(std::string_view key, const SessionInfo& info, const SessionConfig& config,
                   Flavour flavour, Writer& w) {
  w.begin_object(key);
  write_session_fields(info, config, flavour, w);
  w.end_object();
}

namespace {

void write_function(const FunctionTool& tool, Writer& w) {
  w.string("type", "function");
  w.string("name", tool.name);
  if (!tool.description.empty()) w.string("description", tool.description);
  if (tool.parameters.present()) w.raw("parameters", tool.parameters.text);
}

// Without its secrets.
void write_mcp_server(const McpServerTool& tool, Writer& w) {
  w.string("type", "mcp");
  w.string("server_label", tool.server_label);
  if (!tool.server_url.empty()) w.string("server_url", tool.server_url);
  if (!tool.server_description.empty()) w.string("server_description", tool.server_description);
  if (tool.allowed_tools.present()) w.raw("allowed_tools", tool.allowed_tools.text);
  if (tool.require_approval.present()) {
    w.raw("require_approval", tool.require_approval.text);
  } else {
    w.string("require_approval", "always");
  }
}

}  // namespace

void write_session_fields(const SessionInfo& info, const SessionConfig& config, Flavour flavour,
                          Writer& w) {
  const bool ga = flavour == Flavour::ga;
  if (config.type == SessionType::realtime) {
    (ga ? write_realtime_ga : write_realtime_beta)(info, config, w);
  } else {
    (ga ? write_transcription_ga : write_transcription_beta)(info, config, w);
  }
}

void write_audio_format(std::string_view key, const base::AudioFormat& format, Flavour flavour,
                        Writer& w) {
  if (flavour == Flavour::beta) return w.string(key, wire_name(kAudioFormatsBeta, format.encoding));
  w.begin_object(key);
  w.string("type", wire_name(kAudioTypesGa, format.encoding));
  if (format.encoding == base::AudioEncoding::pcm16) w.integer("rate", format.rate_hz);
  w.end_object();
}

void write_max_output_tokens(std::string_view key, const std::optional<int>& tokens, Writer& w) {
  if (tokens) {
    w.integer(key, *tokens);
  } else {
    w.string(key, "inf");
  }
}

void write_modality(std::string_view key, Modality modality, Flavour flavour, Writer& w) {
  w.begin_array(key);
  if (modality == Modality::audio) w.string_element("audio");
  if (modality == Modality::text || flavour == Flavour::beta) w.string_element("text");
  w.end_array();
}

void write_tools(const std::vector<Tool>& tools, Flavour flavour, Writer& w) {
  w.begin_array("tools");
  for (const Tool& tool : tools) {
    if (flavour == Flavour::beta && std::holds_alternative<McpServerTool>(tool)) continue;
    w.begin_object();
    if (const auto* function = std::get_if<FunctionTool>(&tool)) {
      write_function(*function, w);
    } else {
      write_mcp_server(std::get<McpServerTool>(tool), w);
    }
    w.end_object();
  }
  w.end_array();
}

void write_truncation(const Truncation& truncation, Writer& w) {
  if (truncation.mode != TruncationMode::retention_ratio) {
    return w.string("truncation", wire_name(kTruncationWords, truncation.mode));
  }
  w.begin_object("truncation");
  w.string("type", "retention_ratio");
  w.number("retention_ratio", truncation.retention_ratio);
  if (truncation.post_instructions) {
    w.begin_object("token_limits");
    w.integer("post_instructions", *truncation.post_instructions);
    w.end_object();
  }
  w.end_object();
}

void write_tool_choice(const ToolChoice& choice, Writer& w) {
  if (choice.mode == ToolChoiceMode::mcp) {
    w.begin_object("tool_choice");
    w.string("type", "mcp");
    w.string("server_label", choice.server_label);
    if (!choice.function_name.empty()) w.string("name", choice.function_name);
    return w.end_object();
  }
  if (choice.mode != ToolChoiceMode::function) {
    return w.string("tool_choice", wire_name(kToolChoiceModes, choice.mode));
  }
  w.begin_object("tool_choice");
  w.string("type", "function");
  w.string("name", choice.function_name);
  w.end_object();
}

namespace {
void write_strings(std::string_view key, const std::optional<std::vector<std::string>>& strings,
                   Writer& w) {
  if (!strings) return;
  w.begin_array(key);
  for (const std::string& text : *strings) w.string_element(text);
  w.end_array();
}
}  // namespace

void write_transcription(std::string_view key, const std::optional<Transcription>& transcription,
                         Writer& w) {
  if (!transcription) return w.null(key);
  w.begin_object(key);
  w.string("model", transcription->model);
  w.string_or_null("language", transcription->language);
  w.string_or_null("prompt", transcription->prompt);
  write_strings("languages", transcription->languages, w);
  // The session object has no place for `keywords` and `delay`.
  w.end_object();
}

void write_noise_reduction(std::string_view key, const std::optional<NoiseReduction>& reduction,
                           Writer& w) {
  if (!reduction) return w.null(key);
  w.begin_object(key);
  w.string("type", wire_name(kNoiseReductions, *reduction));
  w.end_object();
}

void write_turn_detection(const std::optional<TurnDetection>& detection, SessionType type,
                          Flavour flavour, Writer& w) {
  if (!detection) return w.null("turn_detection");
  const bool answers = type == SessionType::realtime;
  w.begin_object("turn_detection");
  w.string("type", wire_name(kTurnDetectionTypes, detection->type));
  if (detection->type == TurnDetectionType::server_vad) {
    w.number("threshold", detection->threshold);
    w.integer("prefix_padding_ms", detection->prefix_padding_ms);
    w.integer("silence_duration_ms", detection->silence_duration_ms);
    // Late beta had the field, but did not show it unless it was set.
    if (answers && detection->idle_timeout_ms) {
      w.integer("idle_timeout_ms", *detection->idle_timeout_ms);
    } else if (answers && flavour == Flavour::ga) {
      w.null("idle_timeout_ms");
    }
  } else if (answers) {
    w.string("eagerness", wire_name(kEagernesses, detection->eagerness));
  }
  if (answers) {
    w.boolean("create_response", detection->create_response);
    w.boolean("interrupt_response", detection->interrupt_response);
  }
  w.end_object();
}

}  // namespace parley::protocol::json
