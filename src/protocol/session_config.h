// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/audio_format.h"
#include "base/raw_json.h"

// A session's settings, dialect-neutral: the GA nesting and the beta's flat names both map here.
// Source: OpenAI Realtime API, session object (GA schema `RealtimeSessionCreateRequestGA`).
namespace parley::protocol {

enum class SessionType : std::uint8_t { realtime, transcription };
enum class Modality : std::uint8_t { text, audio };  // audio always comes with its transcript
enum class NoiseReduction : std::uint8_t { near_field, far_field };
enum class TurnDetectionType : std::uint8_t { server_vad, semantic_vad };
enum class Eagerness : std::uint8_t { automatic, low, medium, high };

struct TurnDetection {
  TurnDetectionType type = TurnDetectionType::server_vad;
  double threshold = 0.5;              // 0..1, how sure the detector must be; server_vad only
  int prefix_padding_ms = 300;         // audio kept from before the detected start
  int silence_duration_ms = 200;       // silence that ends the turn
  std::optional<int> idle_timeout_ms;  // 5000..30000; server_vad only
  bool create_response = true;
  bool interrupt_response = true;
  Eagerness eagerness = Eagerness::automatic;  // semantic_vad only
  // Spoken by one dialect only (dialect/speech_bridge.cpp); nullopt: as the server is configured.
  std::optional<int> start_ms = {};        // speech that begins a turn
  std::optional<int> max_ms = {};          // the longest turn
  std::optional<int> aggressiveness = {};  // of the detector, 0..3

  friend bool operator==(const TurnDetection&, const TurnDetection&) = default;
};

struct Transcription {
  std::string model;
  std::optional<std::string> language;  // ISO 639-1
  std::optional<std::string> prompt;
  // Hints. Several languages leave the choice to the engine.
  std::optional<std::vector<std::string>> languages = {};
  std::optional<std::vector<std::string>> keywords = {};  // words to expect
  // How long deltas wait for context. `high` and above: until the words are final; else until the
  // recogniser calls them stable.
  std::optional<std::string> delay = {};

  friend bool operator==(const Transcription&, const Transcription&) = default;
};

struct FunctionTool {
  std::string name;
  std::string description;
  base::RawJson parameters;  // a JSON Schema object; empty: none given

  friend bool operator==(const FunctionTool&, const FunctionTool&) = default;
};

// Which tools of an MCP server are meant: by name, by their read-only annotation, or both.
struct McpToolFilter {
  std::optional<std::vector<std::string>> names;
  std::optional<bool> read_only;

  friend bool operator==(const McpToolFilter&, const McpToolFilter&) = default;
};

enum class McpApproval : std::uint8_t { always, never };

// `{"type":"mcp"}`: a server whose tools Parley lists and calls by itself. Its secrets (`headers`,
// `authorization`) are never shown again.
struct McpServerTool {
  std::string server_label;
  std::string server_url;  // empty: as defined before under this label
  std::string server_description;
  std::string authorization;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<McpToolFilter> allowed;  // nullopt: all
  McpApproval approval = McpApproval::always;
  // With either of these, `approval` is for the tools that match neither.
  std::optional<McpToolFilter> always_ask;
  std::optional<McpToolFilter> never_ask;
  base::RawJson allowed_tools;     // as the client wrote them, to be shown
  base::RawJson require_approval;  // likewise

  friend bool operator==(const McpServerTool&, const McpServerTool&) = default;
};

using Tool = std::variant<FunctionTool, McpServerTool>;

enum class ToolChoiceMode : std::uint8_t { automatic, none, required, function, mcp };

struct ToolChoice {
  ToolChoiceMode mode = ToolChoiceMode::automatic;
  std::string function_name;      // with mode function; with mode mcp: the tool, empty: any
  std::string server_label = {};  // with mode mcp

  friend bool operator==(const ToolChoice&, const ToolChoice&) = default;
};

enum class TruncationMode : std::uint8_t { automatic, disabled, retention_ratio };

// What leaves the model's input when the conversation has grown too long.
struct Truncation {
  TruncationMode mode = TruncationMode::automatic;
  double retention_ratio = 1;                 // 0..1, with that mode
  std::optional<int> post_instructions = {};  // tokens, with that mode

  friend bool operator==(const Truncation&, const Truncation&) = default;
};

// The whole effective session, as `session.created` and `session.updated` show it.
struct SessionConfig {
  SessionType type = SessionType::realtime;
  std::string model;
  Modality output_modality = Modality::audio;
  std::string instructions;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<int> max_output_tokens;  // 1..4096; nullopt: "inf"
  std::optional<bool> parallel_tool_calls;
  std::optional<std::string> reasoning_effort;

  base::AudioFormat input_format;
  std::optional<Transcription> transcription;
  std::optional<NoiseReduction> noise_reduction;
  std::optional<TurnDetection> turn_detection = TurnDetection{};

  base::AudioFormat output_format;
  std::string voice = "alloy";
  double speed = 1.0;  // 0.25..1.5

  // 0.6..1.2; the beta's, in its cousins 0..2. Unset: the model's own, which the beta shows as 0.8.
  std::optional<double> temperature;

  Truncation truncation;
  // Carried and echoed, not interpreted. Empty: shown as null.
  base::RawJson tracing;
  base::RawJson prompt;
  std::optional<std::vector<std::string>> include;
};

constexpr double kTemperatureShown = 0.8;

// One field of an update: absent (unchanged), or a new value. `Patch<std::optional<T>>` holding
// nullopt clears the field (the wire's null).
template <class T>
using Patch = std::optional<T>;

// `session.update`: only what is present changes. Objects below turn_detection, transcription and
// format level are replaced as a whole, with defaults for missing subfields.
struct SessionPatch {
  SessionType type = SessionType::realtime;
  Patch<std::string> model;
  Patch<Modality> output_modality;
  Patch<std::string> instructions;
  Patch<std::vector<Tool>> tools;
  Patch<ToolChoice> tool_choice;
  Patch<std::optional<int>> max_output_tokens;
  Patch<bool> parallel_tool_calls;
  Patch<std::optional<std::string>> reasoning_effort;
  Patch<base::AudioFormat> input_format;
  Patch<std::optional<Transcription>> transcription;
  Patch<std::optional<NoiseReduction>> noise_reduction;
  Patch<std::optional<TurnDetection>> turn_detection;
  Patch<base::AudioFormat> output_format;
  Patch<std::string> voice;
  Patch<double> speed;
  Patch<double> temperature;
  Patch<base::RawJson> tracing;  // empty RawJson: null
  Patch<base::RawJson> prompt;   // empty RawJson: null
  Patch<Truncation> truncation;
  Patch<std::optional<std::vector<std::string>>> include;
  Patch<std::string> translate_to;  // only what a translation session's secret binds
};

// Writes the present fields of `patch` into `config`. Checks nothing: the session decides first.
void apply(const SessionPatch& patch, SessionConfig& config);

}  // namespace parley::protocol
