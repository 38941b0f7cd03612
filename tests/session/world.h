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

// A session with everything around it made of values: a virtual clock, scripted engines, and a
// record of all that was said. No thread, no sleep: run_for() is as fast as the processor.
namespace parley::tests {

// What the scripted engines answer. Times are virtual.
struct Script {
  std::deque<std::string> hears;  // texts of the utterances to come; empty: "hello"
  bool hearing_fails = false;
  base::Duration hearing_takes = base::Milliseconds(5);

  std::vector<engine::LlmEvent> answers = {engine::LlmText{"Hello there."}, engine::LlmDone{}};
  base::Duration word_takes = base::Milliseconds(5);  // between two of the model's events

  int clause_ms = 0;  // sound of every clause; 0: 50 ms a character
  bool word_times = true;
  bool voice_fails = false;
};

struct Heard {
  base::Instant at;
  protocol::ServerEvent event;
  std::vector<std::uint8_t> audio;  // an AudioDelta's, copied
};

class World {
 public:
  explicit World(session::Options options = default_options(), Script script = {});
  // Text answers, energy detector, a fixed seed.
  static session::Options default_options();
  static session::Options spoken_options();  // audio answers

  // The client says something.
  void client(protocol::ClientEventBody body, std::string event_id = {});
  void append(const std::vector<std::int16_t>& samples);  // in the session's input format
  // Sound in real time, in frames of frame_ms, while virtual time passes.
  void speech(int ms);
  void silence(int ms);
  // Virtual time passes: engines answer, deadlines come.
  void run_for(base::Duration time);
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
  bool real_time = true;                  // false: appends do not move the clock
  std::vector<engine::LlmRequest> asked;  // what the model was given
  std::vector<session::JobId> cancelled;
  std::optional<session::Close> closed;
  session::Session session;

 private:
  struct Due {
    base::Instant at;
    std::uint64_t order;
    session::Input input;
    session::JobId job;
  };
  void give(session::Input input);
  void drain();
  void schedule(base::Instant at, session::JobId job, session::Input input);
  void start_voice(const session::TtsStart& start);
  bool step(base::Instant until);  // the next thing due by then
  void sound(int ms, bool loud);

  std::vector<Due> due_;
  std::uint64_t order_ = 0;
  std::uint32_t noise_ = 1;
  std::int64_t phase_ = 0;
};

// Checks the protocol's invariants (behaviour.md §5) over all that a world has heard.
void check_invariants(const World& world);

}  // namespace parley::tests
