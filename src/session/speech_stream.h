// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audio/resampler.h"
#include "session/clause_splitter.h"
#include "session/context.h"
#include "session/spoken_text.h"

namespace parley::session {

struct SpeechSettings {
  protocol::PartRef ref;
  std::string voice;
  double speed = 1.0;
  base::AudioFormat format;
  base::Instant play_after;   // when what was sent before it will have been played
  bool model_speaks = false;  // the sound may come from the model itself
};

// Speaks one audio part: the model's text comes in, is cut into clauses, synthesised in order with
// the next clause already in flight, and goes out as audio and transcript deltas that keep step.
//
// A model that speaks by itself gives the sound too; its text is held until its first sound, and
// goes to the voice after all when none has come by the end.
//
// Synthesis is faster than speech, so audio is paced: it is sent no further ahead of its playback
// than `Options::output_lead`. That is what makes a barge-in find the answer still under way, and
// what keeps the transcript close to what was heard. Playback is modelled as starting with the
// first delta and stalling when there is nothing to play.
class SpeechStream {
 public:
  // Appends audio, transcript and word times to `item` as they are sent; it must outlive the stream
  // and hold the audio part at content[0].
  SpeechStream(Context& context, SpeechSettings settings, StoredItem& item);

  void push_text(std::string_view text);
  // The model's own sound. Its text is then the transcript, and no voice is asked.
  std::optional<engine::Failure> push_sound(engine::LlmAudio sound);
  void finish_text();  // idempotent

  bool owns(JobId job) const;
  // Returns the failure when the engine could not speak; the stream is unusable then.
  std::optional<engine::Failure> handle(JobId job, engine::TtsEvent event);

  // Sends what is due. Call after every input.
  void pump();
  std::optional<base::Instant> deadline() const;  // when more will be due
  bool done() const;                              // everything was said and sent
  void cancel();

  bool started() const { return started_; }  // a first clause is on its way to being spoken
  std::int64_t sent_ms() const { return sent_samples_ * 1000 / settings_.format.rate_hz; }
  base::Instant playback_end() const { return playback_end_; }

 private:
  struct Clause {
    std::string text;
    std::string spoken;  // what the voice is given of it, as long as the text
    JobId job = 0;       // 0: not started
    bool done = false;
    bool own = false;  // the model speaks it; no job
    std::vector<engine::WordTime> words;
    std::vector<std::int16_t> samples;  // as synthesised, not yet converted
    int rate_hz = 0;
    std::size_t text_sent = 0;  // bytes
    std::size_t words_sent = 0;
    std::int64_t samples_sent = 0;  // at the output rate
    std::int64_t begin_ms = 0;      // where it begins in the item
  };

  void add_clauses(std::vector<std::string>& clauses);
  void start_jobs();
  static std::optional<engine::Failure> take_sound(Clause& clause,
                                                   std::vector<std::int16_t> samples, int rate_hz);
  void convert(Clause& clause);
  bool may_send_now() const;
  void send_piece(Clause& clause, std::size_t ready);
  void send_words_before(Clause& clause, std::int64_t ms);
  void send_text_to(Clause& clause, std::size_t text_end, int heard_ms);
  void end_clause();
  base::Duration lead_max() const;

  Context& context_;
  const SpeechSettings settings_;
  StoredItem& item_;
  ClauseSplitter splitter_;
  SpokenText spoken_text_;
  std::deque<Clause> clauses_;
  std::string unvoiced_text_;  // the model's, while it is open who speaks it
  std::string previous_text_;  // of the clause before the one that starts
  bool model_speaks_ = false;
  bool text_finished_ = false;
  bool started_ = false;
  std::optional<audio::Resampler> resampler_;
  std::vector<std::int16_t> ready_;  // converted, not yet sent
  std::size_t ready_read_ = 0;
  std::int64_t sent_samples_ = 0;
  base::Instant playback_end_;
};

}  // namespace parley::session
