// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/realtime_ai_session.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "compat/frames.h"
#include "protocol/json/writer.h"

namespace parley::compat {

namespace {

using protocol::json::Value;
using protocol::json::Writer;

// As much as makes long messages (sound_queue.h).
constexpr auto kOutputLead = std::chrono::milliseconds(2000);
// The page repeats `interrupt` every 40 ms.
constexpr auto kInterruptTold = std::chrono::milliseconds(500);
// A client whose sound is bad sends 25 messages of it a second.
constexpr int kComplaintsMax = 10;
constexpr auto kComplaintEach = std::chrono::seconds(1);

session::Options as_realtime_ai(session::Options options, int rate_hz) {
  auto& defaults = options.defaults;
  defaults.input_format = defaults.output_format = {base::AudioEncoding::pcm16, rate_hz};
  defaults.output_modality = protocol::Modality::audio;
  if (!defaults.turn_detection) defaults.turn_detection = protocol::TurnDetection{};
  defaults.turn_detection->silence_duration_ms =
      std::max(defaults.turn_detection->silence_duration_ms, 500);
  if (!defaults.transcription)
    defaults.transcription = protocol::Transcription{"whisper-1", {}, {}};
  options.output_lead = kOutputLead;
  return options;
}

const std::string* text_member(const Value& document, std::string_view key) {
  const Value* value = protocol::json::find(document, key);
  return value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
}

}  // namespace

std::shared_ptr<RealtimeAiSession> RealtimeAiSession::start(std::shared_ptr<net::WebSocket> socket,
                                                            RealtimeAiSetup setup) {
  std::shared_ptr<RealtimeAiSession> session(
      new RealtimeAiSession(std::move(socket), std::move(setup)));
  session->socket_->start({
      .on_text = [session](std::string_view frame) { session->on_text(frame); },
      .on_binary = [session](std::string_view message) { session->on_binary(message); },
      .on_closed = [session](int, std::string_view) { session->on_closed(); },
  });
  session->begin();
  session->send_status("listening");
  session->last_message_at_ = session->socket_->loop().now();
  session->watch_silence();
  return session;
}

RealtimeAiSession::RealtimeAiSession(std::shared_ptr<net::WebSocket> socket, RealtimeAiSetup setup)
    : socket_(std::move(socket)),
      setup_(std::move(setup)),
      session_options_(as_realtime_ai(std::move(setup_.session), setup_.rate_hz)),
      random_(base::random_seed()),
      session_id_(make_uuid(random_)),
      frames_(setup_.rate_hz),
      gate_(setup_.barge_in_level_permille),
      silence_timer_(socket_->loop()),
      complaints_left_(kComplaintsMax),
      sound_(setup_.rate_hz),
      sound_timer_(socket_->loop()) {}

RealtimeAiSession::~RealtimeAiSession() = default;

// A conversation from its beginning.
void RealtimeAiSession::begin() {
  session_options_.seed = base::random_seed();
  driver_ =
      std::make_unique<driver::SessionDriver>(socket_->loop(), session_options_, setup_.engines,
                                              static_cast<driver::SessionClient&>(*this));
  frames_.reset();
  gate_.reset();
  heard_.clear();
  user_speaks_ = false;
  turn_known_ = answering_ = false;
  announced_ = true;
  driver_->start();
}

// ---- from the client ---------------------------------------------------------------------------

void RealtimeAiSession::on_text(std::string_view frame) {
  if (closing_) return;
  last_message_at_ = socket_->loop().now();
  auto document = protocol::json::parse(frame);
  if (!document) return send_error("Invalid JSON format");
  if (document->object() == nullptr) return send_error("Invalid message: expected a JSON object");
  const std::string* name = text_member(*document, "type");
  if (name == nullptr) name = text_member(*document, "command");
  if (name == nullptr) return send_error("Invalid message: expected a text in 'type'");
  const std::string wanted = *name;
  command(wanted, *document);
}

void RealtimeAiSession::command(const std::string& name, Value& document) {
  if (name == "start") {
    listening_ = true;
    frames_.reset();
    send_status("listening");
  } else if (name == "stop") {
    listening_ = false;
    cancel_answer();
    driver_->handle(protocol::ClientEvent{{}, protocol::InputAudioBufferClear{}});
    user_speaks_ = false;
    std::string frame;
    Writer w(frame);
    w.begin_object();
    w.string("type", "stop_acknowledged");
    w.string("message", "All processing stopped");
    w.boolean("queues_cleared", true);
    w.string("session_id", session_id_);
    w.end_object();
    send(std::move(frame));
    send_status("stopped");
  } else if (name == "reset") {
    cancel_answer();
    begin();
    listening_ = true;
    send_status("listening");
  } else if (name == "interrupt") {
    const bool ended = cancel_answer();
    const base::Instant now = socket_->loop().now();
    if (!ended && now - interrupt_told_at_ < kInterruptTold) return;
    interrupt_told_at_ = now;
    send_event("interrupt_acknowledged");
  } else if (name == "clear_queues") {
    cancel_answer();
  } else if (name == "text_input") {
    const std::string* text = text_member(document, "text");
    if (text == nullptr || text->find_first_not_of(" \t\r\n") == std::string::npos) {
      return send_error("text_input needs a text in 'text'");
    }
    say(*text);
  } else {
    send_error("Invalid command type: " + name.substr(0, 64));
  }
}

void RealtimeAiSession::say(std::string text) {
  cancel_answer();
  turn_known_ = true;
  std::string frame;
  Writer w(frame);
  w.begin_object();
  w.string("type", "final_transcript");
  w.string("content", text);
  w.boolean("is_partial", false);
  w.string("session_id", session_id_);
  w.end_object();
  send(std::move(frame));
  protocol::ConversationItemCreate create;
  create.item.role = protocol::Role::user;
  protocol::ContentPart part;
  part.type = protocol::PartType::input_text;
  part.text = std::move(text);
  create.item.content.push_back(std::move(part));
  driver_->handle(protocol::ClientEvent{{}, std::move(create)});
  driver_->handle(protocol::ClientEvent{{}, protocol::ResponseCreate{}});
}

// What is being made, and what the client still plays of it. Whether there was any of the two.
bool RealtimeAiSession::cancel_answer() {
  if (!answering_) return stop_playback();
  driver_->handle(protocol::ClientEvent{{}, protocol::ResponseCancel{}});
  return true;
}

// An answer ends before all of it was heard, or even sent.
bool RealtimeAiSession::stop_playback() {
  const bool plays = sound_.plays(socket_->loop().now());
  sound_.drop();
  end_sound();
  if (plays) send_event("tts_stop");
  if (ended_) finish_answer();
  return plays;
}

void RealtimeAiSession::on_binary(std::string_view message) {
  if (closing_) return;
  const base::Instant now = last_message_at_ = socket_->loop().now();
  if (!listening_) return;
  const auto* samples = frames_.take(message, now);
  if (samples == nullptr) {
    return complain("Sound must follow a header of 8 bytes: 4 of time, 4 of flags");
  }
  if (message.size() % 2 != 0) {
    complain("Sound must be 16-bit samples: the odd last byte was dropped");
  }
  gate_.pass(*samples, !user_speaks_ && (answering_ || sound_.plays(now)), passed_);
  if (passed_.empty()) return;
  audio_.clear();
  for (const std::int16_t sample : passed_) {
    const auto value = static_cast<std::uint16_t>(sample);
    audio_.push_back(static_cast<std::uint8_t>(value & 0xff));
    audio_.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  driver_->handle(session::AudioAppended{audio_, {}});
}

void RealtimeAiSession::complain(std::string_view message) {
  const base::Instant now = socket_->loop().now();
  if (now - complained_at_ >= kComplaintEach) complaints_left_ = kComplaintsMax;
  if (complaints_left_ == 0) return;
  --complaints_left_;
  complained_at_ = now;
  send_error(message);
}

// ---- to the client -----------------------------------------------------------------------------

void RealtimeAiSession::on_event(const protocol::ServerEvent& event) {
  if (closing_) return;
  const auto& body = event.body;
  if (std::holds_alternative<protocol::SpeechStarted>(body)) {
    user_speaks_ = true;
    heard_.clear();
    turn_known_ = false;
    const auto& turns = session_options_.defaults.turn_detection;
    if (!answering_ && turns->interrupt_response) stop_playback();
  } else if (std::holds_alternative<protocol::SpeechStopped>(body)) {
    user_speaks_ = false;
  } else if (const auto* delta = std::get_if<protocol::TranscriptionDelta>(&body)) {
    heard_ += delta->delta;
    send_event("partial_transcript", "content", heard_);
  } else if (const auto* heard = std::get_if<protocol::TranscriptionCompleted>(&body)) {
    heard_.clear();
    if (heard->transcript.empty()) return;
    send_event("final_transcript", "content", heard->transcript);
    turn_known_ = !answering_;
    if (answering_) announce();
  } else if (const auto* unheard = std::get_if<protocol::TranscriptionFailed>(&body)) {
    send_error(unheard->message);
  } else if (std::holds_alternative<protocol::ResponseCreated>(body)) {
    if (ended_) {
      if (const auto rest = sound_.take_rest(socket_->loop().now())) send_message(*rest);
      end_sound();
      finish_answer();
    }
    answering_ = true;
    announced_ = false;
    text_.clear();
    if (std::exchange(turn_known_, false)) announce();
  } else if (const auto* text = std::get_if<protocol::TextDelta>(&body)) {
    on_words(text->delta);
  } else if (const auto* words = std::get_if<protocol::AudioTranscriptDelta>(&body)) {
    on_words(words->delta);
  } else if (const auto* sound = std::get_if<protocol::AudioDelta>(&body)) {
    on_sound(sound->audio);
  } else if (std::holds_alternative<protocol::AudioDone>(body)) {
    sound_.finish();
    send_sound();
  } else if (const auto* done = std::get_if<protocol::ResponseDone>(&body)) {
    end_answer(done->response);
  } else if (const auto* error = std::get_if<protocol::ErrorEvent>(&body)) {
    send_error(error->message);
  }
}

// A new turn: what still plays of the last one stops, never what comes now.
void RealtimeAiSession::announce() {
  if (std::exchange(announced_, true)) return;
  send_event("tts_stop");
  send_event("llm_status", "status", "processing");
}

void RealtimeAiSession::on_words(const std::string& delta) {
  announce();
  text_ += delta;
  send_text_so_far("subtitle", false);
  send_text_so_far("llm_response", false);
}

void RealtimeAiSession::on_sound(std::span<const std::uint8_t> bytes) {
  announce();
  sound_.add(bytes, socket_->loop().now());
  send_sound();
}

// What it is time for, and what follows the last of it.
void RealtimeAiSession::send_sound() {
  if (closing_) return;
  while (const auto message = sound_.take(socket_->loop().now())) send_message(*message);
  if (const auto at = sound_.due(); at && !closing_) {
    return sound_timer_.arm(*at, [this] { send_sound(); });
  }
  if (!sound_.done()) return;
  end_sound();
  if (ended_) finish_answer();
}

void RealtimeAiSession::send_message(std::string_view samples) {
  if (!std::exchange(speaking_, true)) {
    send_event("tts_start", "format",
               "raw-" + std::to_string(setup_.rate_hz / 1000) + "khz-16bit-mono-pcm");
  }
  std::string message(static_cast<std::size_t>(setup_.leading_pad_bytes), '\0');
  message += samples;
  socket_->send_binary(std::move(message));
  check_queue();
}

void RealtimeAiSession::end_sound() {
  sound_timer_.disarm();
  if (std::exchange(speaking_, false)) send_event("tts_end");
}

void RealtimeAiSession::end_answer(const protocol::Response& response) {
  answering_ = false;
  ended_ = response.error_message;
  if (response.status != protocol::ResponseStatus::cancelled) {
    sound_.finish();
    return send_sound();
  }
  // The user went on speaking before anybody knew of an answer.
  if (!announced_) ended_.reset();
  announced_ = true;
  stop_playback();
}

void RealtimeAiSession::finish_answer() {
  const std::string failure = *std::exchange(ended_, std::nullopt);
  announce();
  if (!failure.empty()) send_error(failure);
  end_text();
}

void RealtimeAiSession::end_text() {
  send_text_so_far("subtitle", true);
  send_text_so_far("llm_response", true);
}

void RealtimeAiSession::send_status(std::string_view status) {
  send_event("status", "status", status);
}

void RealtimeAiSession::send_error(std::string_view message) {
  send_event("error", "message", message);
}

void RealtimeAiSession::send_event(std::string_view type, std::string_view key,
                                   std::string_view value) {
  std::string frame;
  Writer w(frame);
  w.begin_object();
  w.string("type", type);
  if (!key.empty()) w.string(key, value);
  w.string("session_id", session_id_);
  w.end_object();
  send(std::move(frame));
}

void RealtimeAiSession::send_text_so_far(std::string_view type, bool complete) {
  std::string frame;
  Writer w(frame);
  w.begin_object();
  w.string("type", type);
  w.string("content", text_);
  w.boolean("is_complete", complete);
  w.string("session_id", session_id_);
  w.end_object();
  send(std::move(frame));
}

void RealtimeAiSession::send(std::string frame) {
  if (closing_) return;
  socket_->send_text(std::move(frame));
  check_queue();
}

void RealtimeAiSession::check_queue() {
  if (socket_->queued_bytes() > setup_.send_queue_bytes_max) {
    detail_ = "the client reads too slowly";
    close(net::CloseCode::policy_violation, "too slow: the send queue is full");
  }
}

// Pings do not count: a page that was left open answers them for ever.
void RealtimeAiSession::watch_silence() {
  if (setup_.silence_max <= base::Duration{} || closing_) return;
  const base::Instant over = last_message_at_ + setup_.silence_max;
  if (socket_->loop().now() >= over && !answering_) {
    return close(net::CloseCode::normal, "Timeout - no activity");
  }
  const base::Instant again = std::max(over, socket_->loop().now() + std::chrono::seconds(1));
  silence_timer_.arm(again, [this] { watch_silence(); });
}

// ---- the end -----------------------------------------------------------------------------------

void RealtimeAiSession::on_end(int code, std::string reason, std::string_view detail) {
  detail_ = detail;
  close(static_cast<net::CloseCode>(code), std::move(reason));
}

void RealtimeAiSession::close(net::CloseCode code, std::string reason) {
  if (std::exchange(closing_, true)) return;
  socket_->close(code, std::move(reason));
}

void RealtimeAiSession::on_closed() {
  closing_ = true;
  sound_timer_.disarm();
  silence_timer_.disarm();
  driver_.reset();
  if (setup_.on_closed) std::exchange(setup_.on_closed, nullptr)(detail_);
}

}  // namespace parley::compat
