// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/client_event.h"
#include "protocol/json/field_reader.h"
#include "protocol/session_config.h"

// The settings that sessions and responses share, read from the value at `path`. On a fault the
// returned value means nothing; the Reading holds it.
namespace parley::protocol::json {

inline constexpr std::size_t kToolsMax = 128;
inline constexpr std::size_t kToolNameLengthMax = 64;
inline constexpr std::size_t kMetadataPairsMax = 16;
inline constexpr std::size_t kMetadataKeyLengthMax = 64;
inline constexpr std::size_t kMetadataValueLengthMax = 512;
inline constexpr int kMaxOutputTokensMax = 4096;
inline constexpr NumberRange kSpeedRange = {0.25, 1.5};
inline constexpr NumberRange kTemperatureRange = {0.6, 1.2};

// GA {"type":"audio/pcm","rate":24000}; beta "pcm16".
base::AudioFormat read_audio_format(Value& value, const std::string& path, Reading& reading);
// GA ["audio"] or ["text"]; beta ["text"], or "text" and "audio" in any order.
Modality read_modality(Value& value, const std::string& path, Reading& reading);
std::string read_voice(Value& value, const std::string& path, Reading& reading);
std::vector<Tool> read_tools(Value& value, const std::string& path, Reading& reading);
ToolChoice read_tool_choice(Value& value, const std::string& path, Reading& reading);
// A number, or nullopt for "inf".
std::optional<int> read_max_output_tokens(Value& value, const std::string& path, Reading& reading);
// {"effort": …}: the effort, nullopt when it is not given.
std::optional<std::string> read_reasoning(Value& value, const std::string& path, Reading& reading);

// The next ones take null as "off".
std::optional<TurnDetection> read_turn_detection(Value& value, const std::string& path,
                                                 Reading& reading);
std::optional<Transcription> read_transcription(Value& value, const std::string& path,
                                                Reading& reading);
std::optional<NoiseReduction> read_noise_reduction(Value& value, const std::string& path,
                                                   Reading& reading);
std::optional<std::vector<std::string>> read_include(Value& value, const std::string& path,
                                                     Reading& reading);
std::optional<Metadata> read_metadata(Value& value, const std::string& path, Reading& reading);

// Checked for shape and kept as text; null is kept as absent.
base::RawJson read_tracing(Value& value, const std::string& path, Reading& reading);
base::RawJson read_prompt(Value& value, const std::string& path, Reading& reading);
Truncation read_truncation(Value& value, const std::string& path, Reading& reading);

}  // namespace parley::protocol::json
