// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/time.h"
#include "engine/types.h"
#include "protocol/client_event.h"
#include "protocol/server_event.h"
#include "session/ids.h"
#include "turn/vad.h"

// The conversation itself: a sans-IO state machine. It never blocks, reads no clock, touches no
// socket, thread or JSON, and calls no engine: it takes inputs stamped with the caller's time and
// yields outputs. The same object runs under the server, tests, simulators and fuzzers.
namespace parley::session {

// Names one engine job for as long as it runs; unique in a session.
using JobId = std::uint64_t;

// Which commits of the client are answered without a response.create. One that follows all the same
// belongs to that answer.
enum class CommitAnswers : std::uint8_t {
  never,  // as the hosted service does it
  turns,  // one that ends a turn which the detector found and would have answered
  always,
};

struct Options {
  CommitAnswers commit_answers = CommitAnswers::never;
  // Whatever asks for an answer while one is being given (a response.create, a turn, a commit) is
  // answered next, instead of being refused or left unanswered.
  bool answers_wait = false;
  // The voice may change after it was heard.
  bool voice_changes = false;
  // A commit of less is refused. Less than the API's figure counts where no detector listens.
  double commit_ms_min = 100;
  protocol::SessionConfig defaults;  // what `session.created` shows
  turn::VadOptions vad;
  IdStyle id_style = IdStyle::random;
  std::uint64_t seed = 0;     // ids and obfuscation; same inputs and seed: same outputs
  base::WallTime started_at;  // for expires_at
  base::Duration duration_max = std::chrono::hours(1);
  // How far audio is sent ahead of its playback. Small enough that a barge-in finds the answer
  // still under way, large enough to ride out network jitter.
  base::Duration output_lead = std::chrono::milliseconds(400);
  base::Duration input_audio_max = std::chrono::minutes(15);  // in one uncommitted buffer
  // What the conversation may hold: items, and bytes of their sound, text and images. Beyond that
  // the oldest items leave it, and the client is told so.
  int items_max = 4096;
  std::size_t items_bytes_max = std::size_t{512} << 20u;
  // Bytes of sound that can still be retrieved: about the last five minutes at 24 kHz. Older items
  // keep their words, so that the memory of a long conversation stays bounded.
  std::size_t sound_bytes_max = std::size_t{16} << 20u;
  int responses_max = 16;  // out-of-band responses at once
  // What the model's input may hold; the documented figure of a 32k context (behaviour.md §7).
  int input_tokens_max = 28'224;
  engine::LlmTraits model;  // of the language model
  // The client named its model when it connected: an update that names another one is refused.
  // Otherwise such an update is taken without effect.
  bool model_settled = false;
  // The client asked for Parley's own events: TurnMetrics and DetectorLevel.
  bool metrics = false;
};

// ---- inputs
// --------------------------------------------------------------------------------------

// `audio` holds the decoded bytes of an input_audio_buffer.append, in the session's input format.
// Borrowed until handle() returns.
struct AudioAppended {
  std::span<const std::uint8_t> audio;
  std::string event_id;
};
// A frame that the dialect could not accept; the session answers with an error event.
struct BadFrame {
  protocol::ErrorEvent error;
};
struct SttInput {
  JobId job = 0;
  engine::SttEvent event;
};
struct LlmInput {
  JobId job = 0;
  engine::LlmEvent event;
};
struct TtsInput {
  JobId job = 0;
  engine::TtsEvent event;
};
struct McpInput {
  JobId job = 0;
  engine::McpEvent event;
};
// The deadline may have come; harmless when it has not.
struct TimePassed {};

using Input = std::variant<protocol::ClientEvent, AudioAppended, BadFrame, SttInput, LlmInput,
                           TtsInput, McpInput, TimePassed>;

// ---- outputs
// -------------------------------------------------------------------------------------

struct SttStart {
  JobId job = 0;
  engine::SttRequest request;
};
// 16 kHz mono; borrowed until the next handle().
struct SttAudio {
  JobId job = 0;
  std::span<const std::int16_t> samples;
};
// The voice fell silent after the audio so far, or goes on after all (engine/ports.h, SttJob).
struct SttPause {
  JobId job = 0;
};
struct SttResume {
  JobId job = 0;
};
struct SttFinish {
  JobId job = 0;
};
struct LlmStart {
  JobId job = 0;
  engine::LlmRequest request;
};
struct TtsStart {
  JobId job = 0;
  engine::TtsRequest request;
};
struct McpStart {
  JobId job = 0;
  engine::McpRequest request;
};
// Any kind of job. No event of it may be given to the session afterwards (one that is, is ignored).
struct JobCancel {
  JobId job = 0;
};
struct Close {
  int code = 1000;
  std::string reason;
};

using Output = std::variant<protocol::ServerEvent, SttStart, SttAudio, SttPause, SttResume,
                            SttFinish, LlmStart, TtsStart, McpStart, JobCancel, Close>;

// Contract: handle() one input, poll() until empty, then wait for the next input or deadline().
// A job whose engine event was final (SttFinal, LlmDone, TtsDone, Failure, any McpEvent) is over by
// itself.
class Session {
 public:
  // Queues session.created as the first output.
  Session(Options options, base::Instant now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void handle(Input input, base::Instant now);  // `now` never goes backwards
  std::optional<Output> poll();                 // spans live until the next handle()
  std::optional<base::Instant> deadline() const;

  const protocol::SessionConfig& config() const;
  const std::string& id() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::session
