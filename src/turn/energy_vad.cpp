// SPDX-License-Identifier: MIT
// Speech is what stands clear of the background. Knows nothing of voices: music and doors count
// too.
#include <algorithm>

#include "base/assert.h"
#include "turn/detail/level.h"
#include "turn/detail/vads.h"

namespace parley::turn::detail {
namespace {

constexpr int kFrameSamples = kVadRateHz / 100;
constexpr float kFrameSeconds = 0.01F;
// Probability rises from 0 to 1 between these heights above the floor; 0.5 is at 6 dB.
constexpr float kSurelyNoiseDb = 2;
constexpr float kSurelySpeechDb = 10;
// Never speech below this, however quiet the room.
constexpr float kSpeechDbfsMin = -55;

class EnergyVad final : public Vad {
 public:
  int frame_samples() const override { return kFrameSamples; }

  float analyse(std::span<const std::int16_t> frame) override {
    PARLEY_ASSERT(frame.size() == kFrameSamples);
    const float level = level_dbfs(frame);
    const float above_db = floor_.follow(level);
    if (level < kSpeechDbfsMin) {
      return 0;
    }
    return std::clamp((above_db - kSurelyNoiseDb) / (kSurelySpeechDb - kSurelyNoiseDb), 0.0F, 1.0F);
  }

  void reset() override { floor_.reset(); }

 private:
  NoiseFloor floor_{kFrameSeconds};
};

}  // namespace

std::unique_ptr<Vad> make_energy_vad() { return std::make_unique<EnergyVad>(); }

}  // namespace parley::turn::detail
