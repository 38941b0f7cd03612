// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "protocol/server_event.h"

namespace parley::session {

// How a turn of the user ended, as far as its answer's timing needs it.
struct TurnEnd {
  std::int64_t speech_end_ms = 0;  // where the voice ended in the input audio
  base::Duration waited{};         // the silence after it that ended the turn
};

// When the stages of one answer began. Each stage is noted once; what is skipped counts for the
// next one, so the stages always add up to the whole.
class TurnClock {
 public:
  // `end`: nullopt when the answer was asked for, not spoken for.
  TurnClock(base::Instant now, std::optional<TurnEnd> end);

  void words_known(base::Instant now);
  void first_token(base::Instant now);
  void first_clause(base::Instant now);
  // The first output is out: the figures, the first time only.
  std::optional<protocol::TurnMetrics> first_output(base::Instant now, bool spoken);

 private:
  void note(std::optional<double>& stage, base::Instant now);

  base::Instant last_;  // the end of the newest stage
  protocol::TurnMetrics metrics_;
  bool reported_ = false;
};

}  // namespace parley::session
