// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "protocol/client_event.h"
#include "protocol/item.h"
#include "protocol/session_config.h"

// What the server says, dialect-neutral. The dialects name and shape these: an ItemAdded is
// `conversation.item.added` in GA and `conversation.item.created` in beta, an ItemDone exists in GA
// only. Field meanings follow the GA reference.
namespace parley::protocol {

// A key for one client, as the REST routes hand it out.
struct ClientSecret {
  std::string value;  // ek_…
  base::WallTime expires_at;
};

// Everything the session object shows besides its config.
struct SessionInfo {
  std::string id;  // sess_…
  base::WallTime expires_at;
  std::optional<ClientSecret> client_secret = {};  // beta, only where it was made
};

struct SessionCreated {
  SessionInfo info;
  SessionConfig config;
};
struct SessionUpdated {
  SessionInfo info;
  SessionConfig config;
};

// Codes are OpenAI's only (behaviour.md §9.2): some SDKs end the session on any other.
struct ErrorEvent {
  std::string type = "invalid_request_error";
  std::string code;  // empty: null
  std::string message;
  std::optional<std::string> param;     // nullopt: null
  std::optional<std::string> event_id;  // the client event at fault; nullopt: null
};

struct InputAudioBufferCommitted {
  std::optional<std::string> previous_item_id;
  std::string item_id;
};
struct InputAudioBufferCleared {};
struct SpeechStarted {
  std::int64_t audio_start_ms = 0;
  std::string item_id;
};
struct SpeechStopped {
  std::int64_t audio_end_ms = 0;
  std::string item_id;
};
struct TimeoutTriggered {  // GA only
  std::int64_t audio_start_ms = 0;
  std::int64_t audio_end_ms = 0;
  std::string item_id;
};

struct ItemAdded {
  std::optional<std::string> previous_item_id;
  Item item;
};
struct ItemDone {
  std::optional<std::string> previous_item_id;
  Item item;
};
struct ItemRetrieved {
  Item item;
};
struct ItemDeleted {
  std::string item_id;
};
struct ItemTruncated {
  std::string item_id;
  int content_index = 0;
  int audio_end_ms = 0;
};

struct TranscriptionDelta {
  std::string item_id;
  int content_index = 0;
  std::string delta;
  std::string obfuscation = {};  // GA: random padding; empty: absent
};
struct TokenLogprob {
  std::string token;
  double logprob = 0;
};
struct TranscriptionCompleted {
  std::string item_id;
  int content_index = 0;
  std::string transcript;
  double audio_seconds = 0;                 // shown as usage {"type":"duration","seconds":…}
  std::vector<TokenLogprob> logprobs = {};  // empty: not asked for, or the engine has none
};
struct TranscriptionFailed {
  std::string item_id;
  int content_index = 0;
  std::string code;  // may be empty: absent
  std::string message;
};

enum class ResponseStatus : std::uint8_t { in_progress, completed, cancelled, failed, incomplete };
enum class StatusReason : std::uint8_t {
  none,
  turn_detected,      // cancelled
  client_cancelled,   // cancelled
  max_output_tokens,  // incomplete
  content_filter,     // incomplete
};

struct Usage {
  int input_text_tokens = 0;
  int input_audio_tokens = 0;
  int input_image_tokens = 0;
  int cached_text_tokens = 0;   // subset of the input
  int cached_audio_tokens = 0;  // subset of the input
  int output_text_tokens = 0;
  int output_audio_tokens = 0;

  int input_tokens() const { return input_text_tokens + input_audio_tokens + input_image_tokens; }
  int output_tokens() const { return output_text_tokens + output_audio_tokens; }
};

// The response object of `response.created` and `response.done`.
struct Response {
  std::string id;
  ResponseStatus status = ResponseStatus::in_progress;
  StatusReason reason = StatusReason::none;
  std::string error_type = "server_error";  // with status failed, or a stream that broke off
  std::string error_code;                   // empty: null
  std::string error_message;
  std::vector<Item> output;
  std::optional<std::string> conversation_id;  // nullopt: out of band
  Modality output_modality = Modality::audio;
  std::optional<int> max_output_tokens;
  base::AudioFormat output_format;
  std::string voice;
  double temperature = 0.8;    // beta
  std::optional<Usage> usage;  // nullopt while in progress
  std::optional<Metadata> metadata;
};

struct ResponseCreated {
  Response response;
};
struct ResponseDone {
  Response response;
};

// Where in a response a streaming event belongs.
struct PartRef {
  std::string response_id;
  std::string item_id;
  int output_index = 0;
  int content_index = 0;
};

struct OutputItemAdded {
  std::string response_id;
  int output_index = 0;
  Item item;
};
struct OutputItemDone {
  std::string response_id;
  int output_index = 0;
  Item item;
};
struct ContentPartAdded {
  PartRef ref;
  ContentPart part;  // PartType::text or audio
};
struct ContentPartDone {
  PartRef ref;
  ContentPart part;
};
struct TextDelta {
  PartRef ref;
  std::string delta;
  std::string obfuscation = {};  // GA: random padding; empty: absent
};
struct TextDone {
  PartRef ref;
  std::string text;
};
struct AudioTranscriptDelta {
  PartRef ref;
  std::string delta;
  std::string obfuscation = {};  // GA: random padding; empty: absent
};
struct AudioTranscriptDone {
  PartRef ref;
  std::string transcript;
};
// Encoded audio in the response's output format, whole samples only. Borrows from the session:
// valid until its next input is handled. The dialect writes it as base64.
struct AudioDelta {
  PartRef ref;
  std::span<const std::uint8_t> audio;
};
struct AudioDone {
  PartRef ref;
};
struct FunctionCallArgumentsDelta {
  PartRef ref;  // content_index unused
  std::string call_id;
  std::string delta;
  std::string obfuscation = {};  // GA: random padding; empty: absent
};
struct FunctionCallArgumentsDone {
  PartRef ref;  // content_index unused
  std::string call_id;
  std::string name;
  std::string arguments;
};

// MCP, GA only.
struct McpListToolsInProgress {
  std::string item_id;
};
struct McpListToolsCompleted {
  std::string item_id;
};
struct McpListToolsFailed {
  std::string item_id;
};
struct McpCallArgumentsDelta {
  PartRef ref;  // content_index unused
  std::string delta;
  std::string obfuscation;  // random; a parser in use wants it
};
struct McpCallArgumentsDone {
  PartRef ref;  // content_index unused
  std::string arguments;
};
struct McpCallInProgress {
  int output_index = 0;
  std::string item_id;
};
struct McpCallCompleted {
  int output_index = 0;
  std::string item_id;
};
struct McpCallFailed {
  int output_index = 0;
  std::string item_id;
};

struct RateLimit {
  std::string name;  // "requests" or "tokens"
  int limit = 0;
  int remaining = 0;
  double reset_seconds = 0;
};
struct RateLimitsUpdated {
  std::vector<RateLimit> limits;
};

// ---- Parley's own events, only for clients that ask (docs/reference/extensions.md)

// Where the time of one answered turn went, sent with its first output. The stages follow each
// other and add up to `total_ms`; nullopt: the turn had no such stage.
struct TurnMetrics {
  std::string response_id;
  std::string item_id;                               // of the first output; empty: none
  std::optional<std::int64_t> speech_stopped_at_ms;  // where the voice ended in the input audio
  std::optional<double> endpoint_wait_ms;            // the silence that ended the turn
  std::optional<double> recognition_ms;              // until the user's words were known
  std::optional<double> first_token_ms;              // until the model said something
  std::optional<double> first_clause_ms;             // until there was enough of it to speak
  std::optional<double> first_audio_ms;              // until the first sound went out
  std::optional<double> overhead_ms;  // our own computing; a share of the others, not one more
  double total_ms = 0;
};
// What the detector thinks of the newest audio, about ten times a second of it.
struct DetectorLevel {
  std::int64_t audio_end_ms = 0;
  double probability = 0;           // of speech, the highest since the last event
  std::optional<double> threshold;  // nullopt: the detector has none
  bool speech = false;              // a turn is under way
};

using ServerEventBody =
    std::variant<SessionCreated, SessionUpdated, ErrorEvent, InputAudioBufferCommitted,
                 InputAudioBufferCleared, SpeechStarted, SpeechStopped, TimeoutTriggered, ItemAdded,
                 ItemDone, ItemRetrieved, ItemDeleted, ItemTruncated, TranscriptionDelta,
                 TranscriptionCompleted, TranscriptionFailed, ResponseCreated, ResponseDone,
                 OutputItemAdded, OutputItemDone, ContentPartAdded, ContentPartDone, TextDelta,
                 TextDone, AudioTranscriptDelta, AudioTranscriptDone, AudioDelta, AudioDone,
                 FunctionCallArgumentsDelta, FunctionCallArgumentsDone, McpListToolsInProgress,
                 McpListToolsCompleted, McpListToolsFailed, McpCallArgumentsDelta,
                 McpCallArgumentsDone, McpCallInProgress, McpCallCompleted, McpCallFailed,
                 RateLimitsUpdated, TurnMetrics, DetectorLevel>;

struct ServerEvent {
  std::string event_id;  // event_…, unique in the session
  ServerEventBody body;
};

}  // namespace parley::protocol
