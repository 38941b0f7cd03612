// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/raw_json.h"

// The values that the session core and the engines exchange. No ports, no threads: `engine/ports.h`
// has those. Audio is always mono signed 16-bit samples.
namespace parley::engine {

// Engines hear every session at this rate; the session resamples once.
inline constexpr int kHearingRateHz = 16000;

// What kind of failure: decides what is retried, and whether a fallback engine may help.
enum class FailureKind : std::uint8_t {
  unavailable,      // cannot be reached, broke off, answers 5xx
  timeout,          // answered too late
  rate_limited,     // too many requests now (429)
  overloaded,       // says that it is full (503, 529), or our own bound was met
  quota,            // paid up to here
  auth,             // our key is refused
  not_found,        // no such model, voice or address
  invalid_request,  // this request would fail anywhere
  content_filter,
  protocol,  // answered with something that is not its protocol
};

// Why a job failed. `code` is for the wire (may be empty), `message` names the engine, never a key.
struct Failure {
  std::string code;
  std::string message;
  FailureKind kind = FailureKind::unavailable;
  std::optional<std::chrono::milliseconds> retry_after = {};  // as the engine asked
};

// A piece of mono audio, shared so that many requests can refer to it.
struct Sound {
  std::vector<std::int16_t> samples;
  int rate_hz = kHearingRateHz;
};

// ---- speech to text
// ------------------------------------------------------------------------------

struct SttRequest {
  std::string model;     // as the client asked; engines with one model ignore it
  std::string language;  // ISO 639-1; empty: the engine's default
  std::string prompt;
  bool logprobs = false;  // wanted where the engine has them
};

// The words so far. The first `stable` bytes will not be revised by later events of the job.
struct SttPartial {
  std::string text;
  std::size_t stable = 0;
};
struct TokenLogprob {
  std::string token;
  double logprob = 0;
};
// The last event of a job that succeeded. May be empty: nothing was understood.
struct SttFinal {
  std::string text;
  std::vector<TokenLogprob> logprobs = {};
};
using SttEvent = std::variant<SttPartial, SttFinal, Failure>;

// ---- language model
// ------------------------------------------------------------------------------

struct Tool {
  std::string name;
  std::string description;
  base::RawJson parameters;
};

enum class Speaker : std::uint8_t { system, user, assistant };

// What the user shows. `detail` as the API knows it: "low", "high" or "auto"; empty: not said.
struct Image {
  std::string url;  // http(s) or data: URL
  std::string detail = {};

  friend bool operator==(const Image&, const Image&) = default;
};

struct Utterance {
  Speaker speaker = Speaker::user;
  std::string text;
  bool spoken = false;  // the text was heard, so it may hold misheard words and no punctuation
  std::vector<Image> images = {};
  // What the user said, as sound; only for engines with LlmTraits::hears. `text` may then be empty:
  // the words are not known yet.
  std::shared_ptr<const Sound> sound = {};
};
struct ToolCall {
  std::string call_id;
  std::string name;
  std::string arguments;  // JSON text
};
struct ToolResult {
  std::string call_id;
  std::string output;
};
using HistoryEntry = std::variant<Utterance, ToolCall, ToolResult>;

struct LlmRequest {
  std::string model;
  std::string instructions;
  std::vector<HistoryEntry> history;  // oldest first
  std::vector<Tool> tools;
  bool tools_allowed = true;   // tool_choice none: false
  bool tool_required = false;  // tool_choice required
  std::string forced_tool;     // tool_choice function; empty: none forced
  bool parallel_tools = true;
  std::optional<int> max_output_tokens;
  std::optional<double> temperature;
  std::string reasoning_effort;  // "minimal", "low", …; empty: the engine's default
  // For engines with LlmTraits::speaks: the answer is wanted as sound, in this voice.
  bool speak = false;
  std::string voice;
};

// What the model says. With sound (below) it is the transcript of it.
struct LlmText {
  std::string delta;
};
// A tool call begins; its arguments stream until the next begin or the end of the job.
struct LlmToolCallBegin {
  std::string call_id;  // empty: the session chooses one
  std::string name;
};
struct LlmToolCallArguments {
  std::string delta;
};
// The answer's own sound; only when the request said `speak`.
struct LlmAudio {
  std::vector<std::int16_t> samples;
  int rate_hz = 0;  // the same in every event of a job
};
enum class LlmFinish : std::uint8_t { stop, length, content_filter };
// The last event of a job that succeeded.
struct LlmDone {
  LlmFinish finish = LlmFinish::stop;
  std::optional<int> input_tokens;  // as the engine counted them
  std::optional<int> output_tokens;
  std::optional<int> cached_tokens = {};  // of the input tokens
};
using LlmEvent =
    std::variant<LlmText, LlmToolCallBegin, LlmToolCallArguments, LlmAudio, LlmDone, Failure>;

// What a language model can do beyond text.
struct LlmTraits {
  bool hears = false;        // takes Utterance::sound
  bool speaks = false;       // may answer with LlmAudio
  bool instructable = true;  // does what the instructions say, as translating
};

// ---- tools of MCP servers
// ------------------------------------------------------------------------------
// Source: Model Context Protocol, 2025-06-18, "Tools".

struct McpServer {
  std::string label;  // the session's name for it
  std::string url;
  std::string authorization;  // an OAuth token; empty: none
  std::vector<std::pair<std::string, std::string>> headers;

  friend bool operator==(const McpServer&, const McpServer&) = default;
};
struct McpTool {
  std::string name;
  std::string description;
  base::RawJson input_schema;  // empty: none given
  base::RawJson annotations;   // empty: none given
  bool read_only = false;      // the annotation readOnlyHint
};
struct McpListRequest {
  McpServer server;
};
struct McpCallRequest {
  McpServer server;
  std::string tool;
  std::string arguments;  // JSON text
};
using McpRequest = std::variant<McpListRequest, McpCallRequest>;

struct McpTools {
  std::vector<McpTool> tools;
};
struct McpOutput {
  std::string text;
};
// How the API tells them apart: the tool failed, the server's protocol, or its HTTP did.
enum class McpFaultKind : std::uint8_t { tool_execution, protocol, http };
struct McpFault {
  McpFaultKind kind = McpFaultKind::tool_execution;
  int code = 0;  // JSON-RPC's or HTTP's
  std::string message;
};
// Exactly one ends a job.
using McpEvent = std::variant<McpTools, McpOutput, McpFault>;

// ---- text to speech
// ------------------------------------------------------------------------------

struct TtsRequest {
  std::string text;  // one clause or a few
  std::string voice;
  double speed = 1.0;
  std::string language = {};       // ISO 639-1; empty: unknown
  std::string previous_text = {};  // said just before in the same answer; keeps the melody going
};

// Where a word of the request's text is spoken; positions in ms from the job's first sample.
struct WordTime {
  int text_begin = 0;  // byte offset of the word in the request's text
  int text_end = 0;    // one past its last byte
  int start_ms = 0;
  int end_ms = 0;
};
// Word times of the whole request; comes before the first audio when the engine has them.
// May come several times, each time with all words so far.
struct TtsWords {
  std::vector<WordTime> words;
};
struct TtsAudio {
  std::vector<std::int16_t> samples;
  int rate_hz = 0;  // the same in every event of a job
};
struct TtsDone {};
using TtsEvent = std::variant<TtsWords, TtsAudio, TtsDone, Failure>;

}  // namespace parley::engine
