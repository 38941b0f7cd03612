// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "session/context.h"
#include "session/input_audio_buffer.h"
#include "session/transcriber.h"
#include "turn/completeness.h"
#include "turn/turn_detector.h"

namespace parley::session {

// What a user's turn means for the rest of the conversation.
class TurnListener {
 public:
  virtual ~TurnListener() = default;
  // Speech was confirmed: a barge-in, when an answer is under way.
  virtual void on_speech_started() = 0;
  // The detector ended a turn and its item stands in the conversation.
  virtual void on_turn_ended(const TurnEnd& end) = 0;
};

// The user's side of the conversation: audio comes in, turns are found (or committed by hand) and
// become items.
//
//   quiet ──speech_started──► speaking ──speech_stopped / commit──► quiet
//     └──────────── commit (no turn detection, or before any speech) ─┘
class UserTurn {
 public:
  UserTurn(Context& context, Transcriber& transcriber, TurnListener& listener);

  void append(std::span<const std::uint8_t> audio, const std::string& event_id);
  // False: there was too little audio, and the client was told.
  bool commit(const std::string& event_id);
  void clear();
  // The session's config has changed from `before` to what the context holds now.
  void reconfigure(const protocol::SessionConfig& before);
  // The idle timeout commits a turn in which nobody spoke.
  void commit_silence(base::AudioTime from);

  bool speaking() const { return state_ == State::speaking; }
  // The id that the turn under way will have as an item; empty: none is under way. The client knows
  // it from speech_started on.
  const std::string& item_id() const { return item_id_; }
  base::AudioTime listened() const { return buffer_.listened(); }

 private:
  enum class State : std::uint8_t { quiet, speaking };

  void make_detector();
  void listen();
  void on_turn_event(const turn::TurnEvent& event);
  TurnEnd turn_end(const turn::TurnEvent& event) const;
  void show_level();
  void on_pause(base::AudioTime speech_end);
  void end_pause();
  void judge_pause();
  void feed_recogniser(base::AudioTime until);
  void end_utterance(base::AudioTime end);
  void add_item(const std::string& item_id, std::vector<std::uint8_t> audio);
  void forget_utterance();

  Context& context_;
  Transcriber& transcriber_;
  TurnListener& listener_;
  const std::unique_ptr<turn::CompletenessJudge> judge_;  // of pauses, with semantic_vad
  InputAudioBuffer buffer_;
  std::unique_ptr<turn::TurnDetector> detector_;  // null: turns are committed by hand
  std::int64_t detector_origin_ = 0;              // heard samples before the detector was made
  std::vector<turn::TurnEvent> events_;           // scratch
  State state_ = State::quiet;
  base::AudioTime voice_end_;  // where the voice last fell silent inside a turn
  double level_max_ = 0;       // since the last DetectorLevel
  std::int64_t level_shown_at_ = 0;

  // The utterance being recognised; empty id: none. With a detector it lives from speech_started
  // on, without one from the first audio on.
  std::string item_id_;
  base::AudioTime turn_begin_;
  base::AudioTime fed_until_;
  // With semantic_vad, while the voice is silent inside a turn: where it ended, and the words that
  // the wait was chosen for.
  std::optional<base::AudioTime> pause_begin_;
  std::string judged_words_;
};

}  // namespace parley::session
