// SPDX-License-Identifier: MIT
// Words decide where they are clear; how the voice ended decides where they are not.
#include "turn/completeness.h"

#include <algorithm>
#include <cmath>

#include "turn/detail/completeness_words.h"
#include "turn/detail/voice_ending.h"

namespace parley::turn {
namespace {

// How much of the voice's verdict is left where the words are certain.
constexpr double kVoiceShareMin = 0.2;

class WordsAndVoice final : public CompletenessJudge {
 public:
  double completeness(const PauseEvidence& evidence) const override {
    const double words = words_completeness(evidence.words, evidence.language);
    const double voice = voice_completeness(evidence.voice);
    const double certainty = std::abs(words - 0.5) * 2;
    const double share = 1 - (1 - kVoiceShareMin) * certainty;
    return std::clamp(words + (voice - 0.5) * share, 0.0, 1.0);
  }
};

}  // namespace

std::unique_ptr<CompletenessJudge> make_completeness_judge() {
  return std::make_unique<WordsAndVoice>();
}

int wait_ms(double completeness, WaitRange range) {
  const double doubt = 1 - std::clamp(completeness, 0.0, 1.0);
  return range.min_ms +
         static_cast<int>(std::lround((range.max_ms - range.min_ms) * doubt * doubt));
}

}  // namespace parley::turn
