// SPDX-License-Identifier: MIT
#include "turn/noise_reducer.h"

#include <speex/speex_preprocess.h>

#include <new>

#include "base/assert.h"
#include "turn/vad.h"

namespace parley::turn {
namespace {

struct SpeexDestroy {
  void operator()(SpeexPreprocessState* speex) const { speex_preprocess_state_destroy(speex); }
};

}  // namespace

struct NoiseReducer::State {
  std::unique_ptr<SpeexPreprocessState, SpeexDestroy> speex;
};

NoiseReducer::NoiseReducer(NoiseField field) : state_(std::make_unique<State>()) {
  state_->speex.reset(speex_preprocess_state_init(kFrameSamples, kVadRateHz));
  if (state_->speex == nullptr) {
    throw std::bad_alloc();
  }
  // The preprocessor's VAD and gain control are off unless asked for; merely setting the former
  // prints a warning.
  spx_int32_t denoise = 1;
  spx_int32_t suppress_db = field == NoiseField::near ? -15 : -25;
  speex_preprocess_ctl(state_->speex.get(), SPEEX_PREPROCESS_SET_DENOISE, &denoise);
  speex_preprocess_ctl(state_->speex.get(), SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &suppress_db);
}

NoiseReducer::~NoiseReducer() = default;

void NoiseReducer::process(std::span<std::int16_t> frame) {
  PARLEY_ASSERT(frame.size() == kFrameSamples);
  speex_preprocess_run(state_->speex.get(), frame.data());
}

}  // namespace parley::turn
