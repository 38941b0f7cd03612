// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "turn/vad.h"

namespace parley::turn {

struct TurnDetectorOptions {
  double threshold = 0.5;         // 0..1: speech probability from which a frame counts as speech
  int prefix_padding_ms = 300;    // how far before the detected start the turn begins
  int silence_duration_ms = 200;  // silence that ends the turn
  // Speech shorter than this does not start a turn (clicks, breaths). Part of the start's latency.
  int speech_duration_min_ms = 60;
  int turn_max_ms = 0;  // a turn that lasts longer is cut there; 0: never
};

enum class TurnEventType : std::uint8_t {
  speech_started,   // confirmed; `at` is the start of what is heard: detection minus padding, not
                    // below 0 and not before the end of the previous turn
  silence_started,  // inside a turn: speech paused, the turn may be over (`at`: end of the speech)
  speech_resumed,   // the pause was too short to end the turn
  speech_stopped,   // `at` is the end of what is heard: last speech plus silence_duration_ms
};

struct TurnEvent {
  TurnEventType type;
  base::AudioTime at;          // samples at kVadRateHz since the stream began
  base::AudioTime decided_at;  // how far the detector had listened when it said so; >= at
};

// Finds the speaker's turns in a stream. Counts time in samples only, so audio that arrives faster
// than real time, or cut into other chunks, gives the same events. One stream, one thread;
// allocates nothing once warm (but for growth of the caller's vector).
//
//   quiet ──enough speech──► speaking ──silence──► pausing ──silence_duration──► quiet
//                               ▲───────speech────────┘
class TurnDetector {
 public:
  TurnDetector(std::unique_ptr<Vad> vad, TurnDetectorOptions options);

  // Listens to any number of samples (mono, kVadRateHz) and appends what it found to `events`, in
  // order. Samples that do not fill a frame are kept for the next call.
  void push(std::span<const std::int16_t> samples, std::vector<TurnEvent>& events);

  // Takes effect at once; a turn in progress goes on under the new options.
  void set_options(TurnDetectorOptions options);

  // The turn was ended from outside (a manual commit or clear): no speech_stopped follows for it,
  // and the next turn does not start before the current position.
  void end_turn();

  bool speaking() const;             // between speech_started and speech_stopped
  base::AudioTime position() const;  // samples taken so far
  float probability() const;         // of the last frame

 private:
  enum class State : std::uint8_t { quiet, speaking, pausing };
  void analyse_frame(std::vector<TurnEvent>& events);
  void follow_run(bool speech, std::int64_t frame_end);
  void forget_run();
  void look_for_start(std::vector<TurnEvent>& events, std::int64_t now);
  void look_for_silence(std::vector<TurnEvent>& events, std::int64_t now, bool speech);
  void look_for_end(std::vector<TurnEvent>& events, std::int64_t now);
  bool cut_if_too_long(std::vector<TurnEvent>& events, std::int64_t now);

  std::unique_ptr<Vad> vad_;
  TurnDetectorOptions options_;
  State state_ = State::quiet;
  std::vector<std::int16_t> frame_;  // the frame being filled
  std::int64_t frame_begin_ = 0;     // position of frame_[0]
  // The current run of speech frames, over short gaps (quiet and pausing; 0 long: none).
  std::int64_t speech_run_begin_ = 0;
  std::int64_t speech_run_ = 0;      // speech in it so far, samples, without the gaps
  std::int64_t speech_run_end_ = 0;  // where its last speech frame ended
  std::int64_t turn_began_ = 0;      // speaking and pausing: where its speech began
  std::int64_t speech_end_ = 0;      // speaking and pausing: where speech last ended
  std::int64_t turn_floor_ = 0;      // no turn starts before this
  float probability_ = 0;
};

}  // namespace parley::turn
