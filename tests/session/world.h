// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "session/session.h"
#include "tests/session/invariants.h"

// A session with everything around it made of values: a virtual clock, scripted engines, and a
// record of all that was said. No thread, no sleep: run_for() is as fast as the processor.
namespace parley::tests {

// What the scripted engines answer. Times are virtual. Read when a job starts.
struct Script {
  std::deque<std::string> hears;  // texts of the utterances to come; empty: "hello"
  bool hearing_fails = false;
  bool hearing_stalls = false;  // never answers
  base::Duration hearing_takes = base::Milliseconds(5);

  std::vector<engine::LlmEvent> answers = {engine::LlmText{"Hello there."}, engine::LlmDone{}};
  base::Duration word_takes = base::Milliseconds(5);  // between two of the model's events
  bool model_stalls = false;                          // never says that it is done

  int clause_ms = 0;       // sound of every clause; 0: 50 ms a character
  int clause_tail_ms = 0;  // silence behind its last word
  bool word_times = true;
  bool voice_fails = false;
  bool voice_stalls = false;
  base::Duration voice_takes = base::Milliseconds(3);

  // Engines whose events arrive although their job was cancelled meanwhile.
  bool ignores_cancel = false;
};

class World {
 public:
  explicit World(session::Options options = default_options(), Script script = {});
  // Text answers, energy detector, a fixed seed.
  static session::Options default_options();
  static session::Options spoken_options();  // audio answers
  // Checks the invariants over the whole record.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The client says something.
  void client(protocol::ClientEventBody body, std::string event_id = {});
  void append(const std::vector<std::int16_t>& samples);  // in the session's input format
  void append_bytes(std::span<const std::uint8_t> bytes, std::string event_id = {});
  void bad_frame(protocol::ErrorEvent error);
  // An engine says something by itself.
  void stt_says(session::JobId job, engine::SttEvent event);
  void llm_says(session::JobId job, engine::LlmEvent event);
  void tts_says(session::JobId job, engine::TtsEvent event);
  void mcp_says(session::JobId job, engine::McpEvent event);
  // Sound in real time, in frames of frame_ms, while virtual time passes.
  void speech(int ms);
  void silence(int ms);
  // Virtual time passes: engines answer, deadlines come.
  void run_for(base::Duration time);
  // Until the next thing happens, if that is within `limit`; returns whether anything did.
  bool run_one(base::Duration limit);
  void run_until_quiet();  // until no engine event is due and no response is in progress

  // The events so far.
  std::vector<Heard> events;
  std::vector<std::string> types() const;  // names; runs of the same delta count once
  template <class Body>
  std::vector<Body> all() const {
    std::vector<Body> found;
    for (const auto& heard : events) {
      if (const auto* body = std::get_if<Body>(&heard.event.body)) found.push_back(*body);
    }
    return found;
  }
  template <class Body>
  Body last() const;
  protocol::ErrorEvent last_error() const;

  base::Instant now{std::chrono::seconds(1)};
  Script script;
  int frame_ms = 20;
  bool real_time = true;                   // false: appends do not move the clock
  std::vector<engine::LlmRequest> asked;   // what the model was given
  std::vector<engine::TtsRequest> spoken;  // what the voice was given
  std::vector<engine::McpRequest> mcp_asked;
  std::vector<engine::SttRequest> heard_as;  // what recognisers were given
  std::vector<session::JobId> cancelled;
  session::JobId last_stt = 0;  // the newest job of its kind
  session::JobId last_llm = 0;
  session::JobId last_tts = 0;
  session::JobId last_mcp = 0;
  int pauses = 0;  // that recognisers were told of
  int resumes = 0;
  std::int64_t samples_heard = 0;  // by the recogniser, all jobs together
  std::optional<session::Close> closed;
  const base::Duration output_lead;
  session::Session session;

 private:
  struct Due {
    base::Instant at;
    std::uint64_t order;
    session::Input input;
    session::JobId job;
  };
  // `caused_by`: the event_id of the client event that the input is.
  void give(session::Input input, const std::string& caused_by = {});
  void drain(const std::string& caused_by);
  void record(protocol::ServerEvent event, const std::string& caused_by);
  void schedule(base::Instant at, session::Input input, session::JobId job);
  void start_hearing(const session::SttFinish& finish);
  void start_model(const session::LlmStart& start);
  void start_voice(const session::TtsStart& start);
  bool step(base::Instant until);  // the next thing due by then
  void sound(int ms, bool loud);

  JobLedger jobs_;
  int responses_ = 0;  // in progress
  std::vector<Due> due_;
  std::uint64_t order_ = 0;
  std::uint32_t noise_ = 1;
  std::int64_t phase_ = 0;
};

// The GA name of an event.
std::string name_of(const protocol::ServerEventBody& body);
// Names in order; runs of deltas count once, since text and audio interleave.
std::vector<std::string> collapsed(const std::vector<std::string>& names);

}  // namespace parley::tests
