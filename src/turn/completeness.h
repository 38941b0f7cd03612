// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

// Semantic turn detection: when the voice falls silent, has the speaker finished, or are they
// thinking? A judge says how likely they have finished; wait_ms() makes a wait of it.
namespace parley::turn {

// What is known when a pause begins (and again when more words were recognised during it).
struct PauseEvidence {
  std::string_view words;     // recognised so far; may lack punctuation; empty: not known
  std::string_view language;  // ISO 639-1; empty: not known
  // How the voice ended: the last speech up to its end, mono at kVadRateHz, at most
  // kVoiceSamplesMax; may be empty.
  std::span<const std::int16_t> voice;
};
inline constexpr std::int64_t kVoiceSamplesMax = 24000;  // 1.5 s

// Pure and stateless, so one object may serve all sessions.
class CompletenessJudge {
 public:
  virtual ~CompletenessJudge() = default;
  // 0: in the middle of a sentence; 0.5: cannot tell; 1: certainly finished.
  virtual double completeness(const PauseEvidence& evidence) const = 0;
};

std::unique_ptr<CompletenessJudge> make_completeness_judge();

// How long a silence may last before it ends the turn: from a sure ending to a sure pause.
struct WaitRange {
  int min_ms = 500;
  int max_ms = 4000;
};
int wait_ms(double completeness, WaitRange range);

}  // namespace parley::turn
