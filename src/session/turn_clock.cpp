// SPDX-License-Identifier: MIT
#include "session/turn_clock.h"

#include <algorithm>
#include <chrono>

namespace parley::session {

namespace {

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

TurnClock::TurnClock(base::Instant now, std::optional<TurnEnd> end) : last_(now) {
  if (!end) return;
  metrics_.speech_stopped_at_ms = end->speech_end_ms;
  metrics_.endpoint_wait_ms = milliseconds(end->waited);
  metrics_.total_ms = *metrics_.endpoint_wait_ms;
}

void TurnClock::note(std::optional<double>& stage, base::Instant now) {
  if (stage || reported_) return;
  stage = milliseconds(std::max(now - last_, base::Duration::zero()));
  metrics_.total_ms += *stage;
  last_ = std::max(last_, now);
}

void TurnClock::words_known(base::Instant now) { note(metrics_.recognition_ms, now); }
void TurnClock::first_token(base::Instant now) { note(metrics_.first_token_ms, now); }
void TurnClock::first_clause(base::Instant now) { note(metrics_.first_clause_ms, now); }

std::optional<protocol::TurnMetrics> TurnClock::first_output(base::Instant now, bool spoken) {
  if (reported_) return std::nullopt;
  if (spoken) note(metrics_.first_audio_ms, now);
  reported_ = true;
  return metrics_;
}

}  // namespace parley::session
