// SPDX-License-Identifier: MIT
// The WebRTC project's detector: a Gaussian mixture over six bands says "speech" or "not" per
// frame. libwebrtc-audio-processing exports its C functions but installs no header for them.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <new>

#include "base/assert.h"
#include "turn/detail/level.h"
#include "turn/detail/vads.h"

// As in webrtc/common_audio/vad/include/webrtc_vad.h and vad_core.h of the library's version 0.3.
extern "C" {
struct WebRtcVadInst;
WebRtcVadInst* WebRtcVad_Create();
void WebRtcVad_Free(WebRtcVadInst* handle);
int WebRtcVad_Init(WebRtcVadInst* handle);
int WebRtcVad_set_mode(WebRtcVadInst* handle, int mode);
// What WebRtcVad_Process() calls for 16 kHz. This one tells speech heard (1) from the hang-over
// (above 1) that follows it for 60 to 90 ms; Process() makes both 1.
int WebRtcVad_CalcVad16khz(WebRtcVadInst* handle, const std::int16_t* frame, std::size_t length);
}

namespace parley::turn::detail {
namespace {

constexpr int kFrameSamples = kVadRateHz / 100;
constexpr float kFrameSeconds = 0.01F;
// A single verdict is yes or no and flickers; the share of yes among these is the probability.
constexpr unsigned kVerdictsKept = 4;
constexpr unsigned kVerdictsMask = (1U << kVerdictsKept) - 1;
// Hang-over bridges the soft parts of words, but would make a turn of a knock: it counts only after
// this much speech was heard.
constexpr int kHeard = 1;
constexpr int kHeardFramesMin = 6;
// Below this, or no clearer than this above the background, nothing is speech.
constexpr float kSpeechDbfsMin = -55;
constexpr float kAboveFloorDbMin = 3;
// Frames this quiet are not worth asking about.
constexpr float kSkipDbfs = -60;

struct VadFree {
  void operator()(WebRtcVadInst* handle) const { WebRtcVad_Free(handle); }
};

class WebrtcVad final : public Vad {
 public:
  explicit WebrtcVad(int aggressiveness)
      : aggressiveness_(aggressiveness), handle_(WebRtcVad_Create()) {
    if (handle_ == nullptr) {
      throw std::bad_alloc();
    }
    WebrtcVad::reset();
  }

  int frame_samples() const override { return kFrameSamples; }

  float analyse(std::span<const std::int16_t> frame) override {
    PARLEY_ASSERT(frame.size() == kFrameSamples);
    const float level = level_dbfs(frame);
    const float above_db = floor_.follow(level);
    const bool speech = level >= kSkipDbfs && sounds_like_speech(frame) &&
                        level >= kSpeechDbfsMin && above_db >= kAboveFloorDbMin;
    verdicts_ = (verdicts_ << 1 | (speech ? 1U : 0U)) & kVerdictsMask;
    return static_cast<float>(std::popcount(verdicts_)) / kVerdictsKept;
  }

  void reset() override {
    const int failed =
        WebRtcVad_Init(handle_.get()) | WebRtcVad_set_mode(handle_.get(), aggressiveness_);
    PARLEY_ASSERT(failed == 0);
    floor_.reset();
    heard_frames_ = 0;
    verdicts_ = 0;
  }

 private:
  bool sounds_like_speech(std::span<const std::int16_t> frame) {
    const int verdict = WebRtcVad_CalcVad16khz(handle_.get(), frame.data(), frame.size());
    if (verdict == kHeard) {
      ++heard_frames_;
      return true;
    }
    if (verdict == 0) {
      heard_frames_ = 0;
      return false;
    }
    return heard_frames_ >= kHeardFramesMin;
  }

  int aggressiveness_;
  std::unique_ptr<WebRtcVadInst, VadFree> handle_;
  NoiseFloor floor_{kFrameSeconds};
  int heard_frames_ = 0;   // since the last verdict of no speech
  unsigned verdicts_ = 0;  // one bit each, the newest lowest
};

}  // namespace

std::unique_ptr<Vad> make_webrtc_vad(int aggressiveness) {
  return std::make_unique<WebrtcVad>(aggressiveness);
}

}  // namespace parley::turn::detail
