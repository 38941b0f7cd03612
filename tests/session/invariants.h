// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "session/session.h"

// What holds in every session, whatever was said and however it was cut: behaviour.md §5 of the
// published behaviour, and our own promises. Pure functions over a record, so every test, scenario
// and simulation is checked by the same rules.
namespace parley::tests {

struct Heard {
  base::Instant at;
  protocol::ServerEvent event;
  std::vector<std::uint8_t> audio;  // an AudioDelta's, copied
  std::string caused_by;            // event_id of the client event being handled; empty: none
};

// What is broken, a sentence each, with the place in the record; empty when all is well.
// `output_lead` is how far ahead of its playback audio may have been sent.
std::vector<std::string> broken_invariants(const std::vector<Heard>& events,
                                           base::Duration output_lead);

// Follows the engine jobs of a session: each starts once, is fed while it runs and ends once.
class JobLedger {
 public:
  // Returns what is wrong with the command, empty when nothing is.
  std::string take(const session::Output& output);
  void ended(session::JobId job);  // by its own last event
  bool runs(session::JobId job) const { return running_.count(job) == 1; }
  // Models and voices at work. None may be when no response is in progress.
  int answering() const;

 private:
  enum class Kind : std::uint8_t { stt, finished_stt, llm, tts, mcp };
  std::string start(session::JobId job, Kind kind);

  std::map<session::JobId, Kind> running_;
  std::set<session::JobId> known_;
};

}  // namespace parley::tests
