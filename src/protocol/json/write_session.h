// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "protocol/json/flavour.h"
#include "protocol/json/writer.h"
#include "protocol/server_event.h"

namespace parley::protocol::json {

// The session object with every field, as `session.created` and `session.updated` show it.
void write_session(std::string_view key, const SessionInfo& info, const SessionConfig& config,
                   Flavour flavour, Writer& w);

// The same members, of an object that is already open.
void write_session_fields(const SessionInfo& info, const SessionConfig& config, Flavour flavour,
                          Writer& w);

// A format at `key`: GA an object with type and rate, beta one word.
void write_audio_format(std::string_view key, const base::AudioFormat& format, Flavour flavour,
                        Writer& w);
void write_max_output_tokens(std::string_view key, const std::optional<int>& tokens, Writer& w);
void write_modality(std::string_view key, Modality modality, Flavour flavour, Writer& w);
void write_tools(const std::vector<Tool>& tools, Flavour flavour, Writer& w);  // beta: no MCP
void write_truncation(const Truncation& truncation, Writer& w);
void write_tool_choice(const ToolChoice& choice, Writer& w);
void write_transcription(std::string_view key, const std::optional<Transcription>& transcription,
                         Writer& w);
void write_noise_reduction(std::string_view key, const std::optional<NoiseReduction>& reduction,
                           Writer& w);

// A transcription session never answers, so its turn detection shows nothing about responses.
void write_turn_detection(const std::optional<TurnDetection>& detection, SessionType type,
                          Flavour flavour, Writer& w);

}  // namespace parley::protocol::json
