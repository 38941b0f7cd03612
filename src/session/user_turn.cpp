// SPDX-License-Identifier: MIT
#include "session/user_turn.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/assert.h"

namespace parley::session {

namespace {

constexpr double kCommitMinMs = 100;
// A recogniser that revises often takes a clipped last word for another one ("were" for "world"),
// so its words alone do not make a pause the longest.
constexpr double kCompletenessMinUnsure = 0.3;
// While nobody speaks, this much is kept for a commit by hand and for the next turn's padding.
constexpr base::Duration kQuietKept = std::chrono::seconds(12);

constexpr std::int64_t kLevelSamples = engine::kHearingRateHz / 10;

// The buffer grows to twice of what is kept before it is trimmed, so a small maximum keeps less.
std::int64_t quiet_kept_samples(const Options& options) {
  const auto kept = std::min(kQuietKept, options.input_audio_max / 4);
  return std::chrono::duration_cast<base::Milliseconds>(kept).count() * engine::kHearingRateHz /
         1000;
}

std::int64_t milliseconds(base::AudioTime time) {
  return time.milliseconds(engine::kHearingRateHz);
}

// How eager the model is to answer: the longest waits are the documented ones (behaviour.md §4,
// semantic_vad), the shortest leave room for a breath.
turn::WaitRange wait_range(protocol::Eagerness eagerness) {
  switch (eagerness) {
    case protocol::Eagerness::high:
      return {.min_ms = 300, .max_ms = 2000};
    case protocol::Eagerness::automatic:
    case protocol::Eagerness::medium:
      return {.min_ms = 500, .max_ms = 4000};
    case protocol::Eagerness::low:
      return {.min_ms = 800, .max_ms = 8000};
  }
  return {};
}

turn::TurnDetectorOptions detector_options(const protocol::TurnDetection& detection) {
  turn::TurnDetectorOptions options;
  options.prefix_padding_ms = detection.prefix_padding_ms;
  options.silence_duration_ms = detection.silence_duration_ms;
  options.threshold = detection.threshold;
  options.speech_duration_min_ms = detection.start_ms.value_or(options.speech_duration_min_ms);
  options.turn_max_ms = detection.max_ms.value_or(options.turn_max_ms);
  if (detection.type == protocol::TurnDetectionType::semantic_vad) {
    // Until a pause has been judged, the longest wait applies.
    options.silence_duration_ms = wait_range(detection.eagerness).max_ms;
  }
  return options;
}

std::optional<turn::NoiseField> noise_field(const protocol::SessionConfig& config) {
  if (!config.noise_reduction) return std::nullopt;
  return *config.noise_reduction == protocol::NoiseReduction::near_field ? turn::NoiseField::near
                                                                         : turn::NoiseField::far;
}

}  // namespace

UserTurn::UserTurn(Context& context, Transcriber& transcriber, TurnListener& listener)
    : context_(context),
      transcriber_(transcriber),
      listener_(listener),
      judge_(turn::make_completeness_judge()),
      buffer_(context.config.input_format) {
  buffer_.set_noise_reduction(noise_field(context.config));
  make_detector();
}

void UserTurn::make_detector() {
  detector_.reset();
  if (!context_.config.turn_detection) return;
  turn::VadOptions vad = context_.options.vad;
  vad.aggressiveness = context_.config.turn_detection->aggressiveness.value_or(vad.aggressiveness);
  detector_ = std::make_unique<turn::TurnDetector>(
      turn::make_vad(vad), detector_options(*context_.config.turn_detection));
  detector_origin_ = buffer_.listened().samples;
}

void UserTurn::append(std::span<const std::uint8_t> audio, const std::string& event_id) {
  if (audio.empty()) return;
  const auto sample_bytes = static_cast<std::size_t>(buffer_.format().bytes_per_sample());
  if (audio.size() % sample_bytes != 0) {
    context_.out.send_error("invalid_value",
                            "Invalid 'audio': expected whole 16-bit samples, but got " +
                                std::to_string(audio.size()) + " bytes.",
                            "audio", event_id);
    return;
  }
  const auto added_samples = static_cast<double>(audio.size()) / static_cast<double>(sample_bytes);
  const double added_ms = added_samples * 1000.0 / buffer_.format().rate_hz;
  const auto limit_ms = static_cast<double>(
      std::chrono::duration_cast<base::Milliseconds>(context_.options.input_audio_max).count());
  if (buffer_.buffered_ms() + added_ms > limit_ms) {
    context_.out.send_error("invalid_value",
                            "The input audio buffer is full: commit or clear it first.", "audio",
                            event_id);
    return;
  }
  buffer_.append(audio);
  listen();
}

void UserTurn::listen() {
  for (auto block = buffer_.take_block(); !block.empty(); block = buffer_.take_block()) {
    if (!detector_) continue;
    if (pause_begin_ && transcriber_.words_so_far(item_id_) != judged_words_) judge_pause();
    events_.clear();
    detector_->push(block, events_);
    for (const auto& event : events_) on_turn_event(event);
    if (context_.options.metrics && detector_) show_level();
  }
  if (!detector_ && item_id_.empty()) {
    item_id_ = context_.ids.item();
    turn_begin_ = fed_until_ = buffer_.begin();
    transcriber_.begin(item_id_);
  }
  if (!item_id_.empty()) feed_recogniser(buffer_.listened());
  if (detector_ && state_ == State::quiet) {
    const std::int64_t listened = buffer_.listened().samples;
    const std::int64_t kept = quiet_kept_samples(context_.options);
    if (listened - buffer_.begin().samples > 2 * kept) buffer_.drop_before({listened - kept});
  }
}

void UserTurn::on_turn_event(const turn::TurnEvent& event) {
  const base::AudioTime at{std::max(event.at.samples + detector_origin_, buffer_.begin().samples)};
  switch (event.type) {
    case turn::TurnEventType::speech_started:
      PARLEY_ASSERT(state_ == State::quiet && item_id_.empty());
      state_ = State::speaking;
      item_id_ = context_.ids.item();
      turn_begin_ = fed_until_ = at;
      context_.out.send(protocol::SpeechStarted{milliseconds(at), item_id_});
      listener_.on_speech_started();
      transcriber_.begin(item_id_);
      break;
    case turn::TurnEventType::silence_started:
      voice_end_ = at;
      on_pause(at);
      break;
    case turn::TurnEventType::speech_resumed:
      end_pause();
      transcriber_.resume(item_id_);
      break;
    case turn::TurnEventType::speech_stopped: {
      PARLEY_ASSERT(state_ == State::speaking);
      const base::AudioTime end{std::min(at.samples, buffer_.listened().samples)};
      feed_recogniser(end);
      state_ = State::quiet;
      end_pause();
      context_.out.send(protocol::SpeechStopped{milliseconds(end), item_id_});
      end_utterance(end);
      listener_.on_turn_ended(turn_end(event));
      break;
    }
  }
}

// The detector says when it heard the voice end, and how far it had listened when it was sure.
TurnEnd UserTurn::turn_end(const turn::TurnEvent& event) const {
  const std::int64_t decided = event.decided_at.samples + detector_origin_;
  const std::int64_t waited = std::max<std::int64_t>(decided - voice_end_.samples, 0);
  return {milliseconds(voice_end_), base::Milliseconds(milliseconds({waited}))};
}

// About ten times a second of audio, for clients that watch the detector.
void UserTurn::show_level() {
  level_max_ = std::max(level_max_, static_cast<double>(detector_->probability()));
  const std::int64_t now = buffer_.listened().samples;
  if (now - level_shown_at_ < kLevelSamples) return;
  level_shown_at_ = now;
  protocol::DetectorLevel level;
  level.audio_end_ms = milliseconds({now});
  level.probability = std::exchange(level_max_, 0);
  const auto& detection = *context_.config.turn_detection;
  if (detection.type == protocol::TurnDetectionType::server_vad) {
    level.threshold = detection.threshold;
  }
  level.speech = state_ == State::speaking;
  context_.out.send(level);
}

void UserTurn::on_pause(base::AudioTime speech_end) {
  feed_recogniser({std::min(speech_end.samples, buffer_.listened().samples)});
  transcriber_.pause(item_id_);
  if (context_.config.turn_detection->type != protocol::TurnDetectionType::semantic_vad) return;
  pause_begin_ = speech_end;
  judged_words_.clear();
  judge_pause();
}

void UserTurn::end_pause() {
  if (!pause_begin_) return;
  pause_begin_.reset();
  if (detector_) detector_->set_options(detector_options(*context_.config.turn_detection));
}

// Chooses how long this silence may last. Asked again when more words were recognised in it.
void UserTurn::judge_pause() {
  PARLEY_ASSERT(pause_begin_ && detector_);
  judged_words_ = transcriber_.words_so_far(item_id_);
  turn::PauseEvidence evidence;
  evidence.words = judged_words_;
  const auto& transcription = context_.config.transcription;
  if (transcription && transcription->language) evidence.language = *transcription->language;
  const std::int64_t end = std::min(pause_begin_->samples, buffer_.listened().samples);
  const std::int64_t begin =
      std::max({end - turn::kVoiceSamplesMax, turn_begin_.samples, buffer_.begin().samples});
  if (begin < end) evidence.voice = buffer_.heard({begin}, {end});
  const auto& detection = *context_.config.turn_detection;
  auto options = detector_options(detection);
  double completeness = judge_->completeness(evidence);
  if (transcriber_.words_may_change(item_id_)) {
    completeness = std::max(completeness, kCompletenessMinUnsure);
  }
  options.silence_duration_ms = turn::wait_ms(completeness, wait_range(detection.eagerness));
  detector_->set_options(options);
}

void UserTurn::feed_recogniser(base::AudioTime until) {
  if (until <= fed_until_) return;
  transcriber_.hear(item_id_, buffer_.heard(fed_until_, until));
  fed_until_ = until;
}

bool UserTurn::commit(const std::string& event_id) {
  const double least = detector_ ? kCommitMinMs : context_.options.commit_ms_min;
  if (buffer_.buffered_ms() < least) {
    char message[160];
    std::snprintf(message, sizeof message,
                  "Error committing input audio buffer: buffer too small. Expected at least 100ms "
                  "of audio, but buffer only has %.2fms of audio.",
                  buffer_.buffered_ms());
    context_.out.send_error("input_audio_buffer_commit_empty", message, {}, event_id);
    return false;
  }
  if (item_id_.empty()) {  // the detector is listening, but nobody has spoken
    item_id_ = context_.ids.item();
    turn_begin_ = fed_until_ = buffer_.begin();
    transcriber_.begin(item_id_);
  }
  feed_recogniser(buffer_.end());
  if (detector_) detector_->end_turn();
  state_ = State::quiet;
  end_pause();
  end_utterance(buffer_.end());
  return true;
}

void UserTurn::end_utterance(base::AudioTime end) {
  const std::string id = std::exchange(item_id_, {});
  add_item(id, buffer_.cut(turn_begin_, end));
  transcriber_.finish(id);
}

void UserTurn::commit_silence(base::AudioTime from) {
  PARLEY_ASSERT(state_ == State::quiet && item_id_.empty());
  const base::AudioTime end = buffer_.end();
  from = std::min(from, end);  // a client may have sent nothing meanwhile
  const std::string id = context_.ids.item();
  context_.out.send(protocol::TimeoutTriggered{milliseconds(from), milliseconds(end), id});
  add_item(id, buffer_.cut(std::max(from, buffer_.begin()), end));
  transcriber_.nothing_said(id);
}

void UserTurn::add_item(const std::string& item_id, std::vector<std::uint8_t> audio) {
  auto stored = std::make_unique<StoredItem>();
  stored->item.id = item_id;
  stored->item.role = protocol::Role::user;
  protocol::ContentPart part;
  part.type = protocol::PartType::input_audio;
  stored->item.content.push_back(std::move(part));
  stored->audio = std::move(audio);
  stored->format = buffer_.format();

  const protocol::Item shown = stored->item;
  const auto previous = context_.conversation.last_id();
  const auto fault = context_.conversation.insert(std::move(stored), std::nullopt);
  PARLEY_ASSERT(fault == Conversation::InsertFault::none);
  context_.out.send(protocol::InputAudioBufferCommitted{previous, item_id});
  context_.out.send(protocol::ItemAdded{previous, shown});
  context_.out.send(protocol::ItemDone{previous, shown});
}

void UserTurn::clear() {
  forget_utterance();
  buffer_.clear();
  context_.out.send(protocol::InputAudioBufferCleared{});
}

void UserTurn::forget_utterance() {
  if (detector_) detector_->end_turn();
  if (!item_id_.empty()) transcriber_.cancel(std::exchange(item_id_, {}));
  state_ = State::quiet;
  end_pause();
}

void UserTurn::reconfigure(const protocol::SessionConfig& before) {
  const auto& config = context_.config;
  buffer_.set_format(config.input_format);
  if (config.noise_reduction != before.noise_reduction) {
    buffer_.set_noise_reduction(noise_field(config));
  }
  if (config.turn_detection == before.turn_detection) return;
  pause_begin_.reset();
  const bool same_vad =
      before.turn_detection && config.turn_detection &&
      before.turn_detection->aggressiveness == config.turn_detection->aggressiveness;
  if (detector_ && config.turn_detection && (same_vad || state_ == State::speaking)) {
    detector_->set_options(detector_options(*config.turn_detection));
    return;
  }
  // Between detection and commits by hand the audio stays; only who ends the turn changes. Without
  // a detector an utterance goes on until its commit; with a new one the next speech begins it.
  if (!detector_) forget_utterance();
  state_ = State::quiet;
  make_detector();
}

}  // namespace parley::session
