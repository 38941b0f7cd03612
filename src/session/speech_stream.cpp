// SPDX-License-Identifier: MIT
#include "session/speech_stream.h"

#include <algorithm>
#include <utility>

#include "audio/codec.h"
#include "base/assert.h"

namespace parley::session {

namespace {

// One delta: long enough to be cheap, short enough to pace well.
constexpr std::int64_t kPieceMs = 100;
// Clauses being synthesised at once: the one that plays and the next.
constexpr int kJobsMax = 2;

// What a resampler takes.
constexpr int kRateMin = 8000;
constexpr int kRateMax = 48000;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_space); }

}  // namespace

SpeechStream::SpeechStream(Context& context, SpeechSettings settings, StoredItem& item)
    : context_(context),
      settings_(std::move(settings)),
      item_(item),
      playback_end_(settings_.play_after) {
  PARLEY_ASSERT(!item.item.content.empty() &&
                item.item.content[0].type == protocol::PartType::audio);
  item_.format = settings_.format;
}

void SpeechStream::push_text(std::string_view text) {
  PARLEY_ASSERT(!text_finished_);
  if (model_speaks_) {
    clauses_.back().text += text;
    return;
  }
  if (settings_.model_speaks) {
    unvoiced_text_ += text;
    return;
  }
  std::vector<std::string> clauses;
  splitter_.push(text, clauses);
  add_clauses(clauses);
}

std::optional<engine::Failure> SpeechStream::push_sound(engine::LlmAudio sound) {
  PARLEY_ASSERT(!text_finished_ && settings_.model_speaks);
  if (!model_speaks_) {
    model_speaks_ = true;
    clauses_.emplace_back();
    clauses_.back().own = true;
    clauses_.back().text = std::exchange(unvoiced_text_, {});
  }
  return take_sound(clauses_.back(), std::move(sound.samples), sound.rate_hz);
}

void SpeechStream::finish_text() {
  if (text_finished_) return;
  text_finished_ = true;
  if (model_speaks_) {
    clauses_.back().done = true;
    return;
  }
  std::vector<std::string> clauses;
  splitter_.push(unvoiced_text_, clauses);
  splitter_.finish(clauses);
  add_clauses(clauses);
}

void SpeechStream::add_clauses(std::vector<std::string>& clauses) {
  for (auto& text : clauses) {
    clauses_.emplace_back();
    clauses_.back().spoken = spoken_text_.next(text);
    clauses_.back().text = std::move(text);
    // White space is no work for a voice, and an error to some.
    clauses_.back().done = is_blank(clauses_.back().spoken);
  }
  start_jobs();
}

void SpeechStream::start_jobs() {
  int running = 0;
  for (auto& clause : clauses_) {
    if (running == kJobsMax) return;
    if (clause.done || clause.own) continue;
    if (clause.job == 0) {
      clause.job = context_.new_job();
      started_ = true;
      engine::TtsRequest request{clause.spoken, settings_.voice, settings_.speed};
      request.previous_text = std::exchange(previous_text_, clause.spoken);
      context_.out.command(TtsStart{clause.job, std::move(request)});
    }
    ++running;
  }
}

bool SpeechStream::owns(JobId job) const {
  return job != 0 && std::any_of(clauses_.begin(), clauses_.end(), [job](const Clause& clause) {
           return clause.job == job && !clause.done;
         });
}

std::optional<engine::Failure> SpeechStream::handle(JobId job, engine::TtsEvent event) {
  const auto clause = std::find_if(clauses_.begin(), clauses_.end(),
                                   [job](const Clause& c) { return c.job == job; });
  PARLEY_ASSERT(clause != clauses_.end() && !clause->done);
  if (auto* failure = std::get_if<engine::Failure>(&event)) {
    clause->done = true;
    return std::move(*failure);
  }
  if (auto* words = std::get_if<engine::TtsWords>(&event)) {
    clause->words = std::move(words->words);
  } else if (auto* audio = std::get_if<engine::TtsAudio>(&event)) {
    return take_sound(*clause, std::move(audio->samples), audio->rate_hz);
  } else {
    clause->done = true;
    start_jobs();
  }
  return std::nullopt;
}

std::optional<engine::Failure> SpeechStream::take_sound(Clause& clause,
                                                        std::vector<std::int16_t> samples,
                                                        int rate_hz) {
  const bool first = clause.rate_hz == 0;
  if (rate_hz < kRateMin || rate_hz > kRateMax || (!first && rate_hz != clause.rate_hz)) {
    return engine::Failure{"server_error", "The voice sent audio at an impossible rate."};
  }
  clause.rate_hz = rate_hz;
  if (clause.samples.empty()) {
    clause.samples = std::move(samples);
  } else {
    clause.samples.insert(clause.samples.end(), samples.begin(), samples.end());
  }
  return std::nullopt;
}

base::Duration SpeechStream::lead_max() const {
  return std::max<base::Duration>(context_.options.output_lead, base::Milliseconds(kPieceMs));
}

bool SpeechStream::may_send_now() const {
  return playback_end_ - context_.now <= lead_max() - base::Milliseconds(kPieceMs);
}

void SpeechStream::pump() {
  while (!clauses_.empty()) {
    Clause& clause = clauses_.front();
    convert(clause);
    const std::size_t ready = ready_.size() - ready_read_;
    if (ready == 0) {
      if (!clause.done) return;
      end_clause();
      continue;
    }
    if (!may_send_now()) return;
    send_piece(clause, ready);
  }
}

void SpeechStream::convert(Clause& clause) {
  if (!clause.samples.empty()) {
    if (!resampler_) resampler_.emplace(clause.rate_hz, settings_.format.rate_hz);
    resampler_->process(clause.samples, ready_);
    clause.samples.clear();
  }
  if (clause.done && resampler_) {  // each clause is a recording of its own
    resampler_->flush(ready_);
    resampler_.reset();
  }
}

void SpeechStream::send_piece(Clause& clause, std::size_t ready) {
  const int rate = settings_.format.rate_hz;
  const std::size_t count = std::min(ready, static_cast<std::size_t>(rate) * kPieceMs / 1000);
  if (clause.samples_sent == 0) clause.begin_ms = sent_ms();
  clause.samples_sent += static_cast<std::int64_t>(count);
  // Text usually leads: the words that begin in this piece go out before it.
  send_words_before(clause, clause.samples_sent * 1000 / rate);

  auto& bytes = context_.out.borrow_bytes();
  audio::encode(settings_.format.encoding, std::span(ready_).subspan(ready_read_, count), bytes);
  item_.audio.insert(item_.audio.end(), bytes.begin(), bytes.end());
  context_.out.send(protocol::AudioDelta{settings_.ref, bytes});
  context_.assistant_audio_sent = true;

  ready_read_ += count;
  if (ready_read_ == ready_.size()) {
    ready_.clear();
    ready_read_ = 0;
  }
  sent_samples_ += static_cast<std::int64_t>(count);
  playback_end_ = std::max(playback_end_, context_.now) +
                  base::Duration(std::chrono::seconds(1)) * static_cast<std::int64_t>(count) / rate;
}

void SpeechStream::send_words_before(Clause& clause, std::int64_t ms) {
  if (clause.words.empty()) {
    // No word times: the clause's text goes with its first sound, or as soon as it is there.
    if (clause.text_sent < clause.text.size()) {
      std::string delta = clause.text.substr(clause.text_sent);
      item_.item.content[0].transcript->append(delta);
      context_.out.send(protocol::AudioTranscriptDelta{settings_.ref, std::move(delta),
                                                       context_.ids.obfuscation()});
      clause.text_sent = clause.text.size();
    }
    return;
  }
  while (clause.words_sent < clause.words.size() && clause.words[clause.words_sent].start_ms < ms) {
    const auto& word = clause.words[clause.words_sent++];
    std::size_t end =
        std::min(static_cast<std::size_t>(std::max(word.text_end, 0)), clause.text.size());
    while (end < clause.text.size() && !is_space(clause.text[end])) ++end;  // its punctuation
    send_text_to(clause, end, word.end_ms);
  }
}

void SpeechStream::send_text_to(Clause& clause, std::size_t text_end, int heard_ms) {
  auto& transcript = *item_.item.content[0].transcript;
  if (text_end > clause.text_sent) {
    std::string delta = clause.text.substr(clause.text_sent, text_end - clause.text_sent);
    clause.text_sent = text_end;
    transcript += delta;
    context_.out.send(protocol::AudioTranscriptDelta{settings_.ref, std::move(delta),
                                                     context_.ids.obfuscation()});
  }
  const int end_ms = static_cast<int>(clause.begin_ms) + heard_ms;
  if (!item_.heard.empty() && item_.heard.back().text_end == transcript.size()) {
    item_.heard.back().end_ms = end_ms;  // one word of text, spoken as several ("21")
  } else {
    item_.heard.push_back({transcript.size(), end_ms});
  }
}

void SpeechStream::end_clause() {
  Clause& clause = clauses_.front();
  const int spoken_ms = static_cast<int>(clause.samples_sent * 1000 / settings_.format.rate_hz);
  if (clause.samples_sent == 0) clause.begin_ms = sent_ms();  // nothing in it could be said
  // What no word covers is heard with the last sound; a word keeps its own time.
  if (clause.words.empty() || clause.text_sent < clause.text.size()) {
    send_text_to(clause, clause.text.size(), spoken_ms);
  }
  clauses_.pop_front();
  start_jobs();
}

std::optional<base::Instant> SpeechStream::deadline() const {
  if (ready_read_ == ready_.size()) return std::nullopt;  // waits for the engine, not for time
  return playback_end_ - (lead_max() - base::Milliseconds(kPieceMs));
}

bool SpeechStream::done() const { return text_finished_ && clauses_.empty(); }

void SpeechStream::cancel() {
  for (const auto& clause : clauses_) {
    if (clause.job != 0 && !clause.done) context_.out.command(JobCancel{clause.job});
  }
  clauses_.clear();
  ready_.clear();
  ready_read_ = 0;
  text_finished_ = true;
}

}  // namespace parley::session
