// SPDX-License-Identifier: MIT
#include "transport/translation_session.h"

#include <utility>

#include "audio/base64.h"

namespace parley::transport {

namespace {

constexpr std::size_t kAppendBytesMax = 15u << 20u;
constexpr int kBytesPerMs = 48;      // 24 kHz, 16 bit
constexpr int kEngineFrameMs = 200;  // elapsed_ms advances by these
constexpr int kSilenceMs = 400;      // between two sentences

std::string instructions_for(const std::string& language) {
  return "You are an interpreter. Translate what the user says into the language '" + language +
         "'. Say only the translation: do not answer, comment or leave anything out.";
}

session::Options as_interpreter(session::Options options,
                                const protocol::TranslationConfig& config) {
  auto& defaults = options.defaults;
  defaults.type = protocol::SessionType::realtime;
  defaults.output_modality = protocol::Modality::audio;
  defaults.tools.clear();
  protocol::TurnDetection detection;
  detection.silence_duration_ms = kSilenceMs;
  detection.create_response = false;
  detection.interrupt_response = false;
  defaults.turn_detection = detection;
  // The words are needed whether or not the client sees them.
  defaults.transcription = config.transcription.value_or(protocol::Transcription{});
  defaults.noise_reduction = config.noise_reduction;
  return options;
}

}  // namespace

std::shared_ptr<TranslationSession> TranslationSession::start(
    std::shared_ptr<net::WebSocket> socket, TranslationSetup setup) {
  std::shared_ptr<TranslationSession> session(
      new TranslationSession(std::move(socket), std::move(setup)));
  session->socket_->start({
      .on_text = [session](std::string_view frame) { session->on_text(frame); },
      .on_binary =
          [session](std::string_view) {
            session->reject({"invalid_event",
                             "Expected a text WebSocket message; binary frames are "
                             "not supported.",
                             {}},
                            {});
          },
      .on_closed = [session](int, std::string_view) { session->on_closed(); },
  });
  session->driver_->start();
  return session;
}

TranslationSession::TranslationSession(std::shared_ptr<net::WebSocket> socket,
                                       TranslationSetup setup)
    : socket_(std::move(socket)),
      setup_(std::move(setup)),
      dialect_(protocol::make_openai_ga()),
      random_(base::random_seed()) {
  driver_ = std::make_unique<driver::SessionDriver>(
      socket_->loop(), as_interpreter(std::move(setup_.session), setup_.config), setup_.engines,
      static_cast<driver::SessionClient&>(*this));
}

TranslationSession::~TranslationSession() = default;

std::string TranslationSession::event_id() {
  std::string id = "event_";
  random_.append_base62(id, 21);
  return id;
}

std::int64_t TranslationSession::elapsed_ms() const {
  return heard_bytes_ / kBytesPerMs / kEngineFrameMs * kEngineFrameMs;
}

void TranslationSession::soon(std::function<void()> task) {
  socket_->loop().post([self = weak_from_this(), task = std::move(task)] {
    const auto here = self.lock();
    if (here && here->driver_) task();
  });
}

// ---- from the client
// -----------------------------------------------------------------------------

void TranslationSession::on_text(std::string_view frame) {
  if (closing_ || flushing_) return;
  std::string id;
  auto parsed = protocol::read_translation_event(frame, id, appended_);
  if (!parsed) return reject(std::move(parsed.error()), std::move(id));
  if (const auto* append = std::get_if<protocol::InputAudioBufferAppend>(&parsed->body)) {
    on_append(append->audio_base64, std::move(id));
  } else if (const auto* change = std::get_if<protocol::TranslationUpdate>(&parsed->body)) {
    update(*change);
  } else {
    flush();
  }
}

void TranslationSession::on_append(std::string_view base64, std::string id) {
  audio_.clear();
  if (base64.size() / 4 * 3 > kAppendBytesMax + 2) {
    return reject({"string_above_max_length",
                   "Invalid 'audio': at most 15 MiB of audio can be appended at once.", "audio"},
                  std::move(id));
  }
  if (!audio::base64_decode(base64, audio_)) {
    return reject(
        {"invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio"},
        std::move(id));
  }
  heard_bytes_ += std::ssize(audio_);
  driver_->handle(session::AudioAppended{audio_, std::move(id)});
}

void TranslationSession::update(const protocol::TranslationUpdate& update) {
  auto& config = setup_.config;
  if (update.language) config.language = *update.language;
  if (update.transcription) config.transcription = *update.transcription;
  if (update.noise_reduction) config.noise_reduction = *update.noise_reduction;
  protocol::SessionUpdate inner;
  inner.session.transcription = config.transcription.value_or(protocol::Transcription{});
  inner.session.noise_reduction = config.noise_reduction;
  driver_->handle(protocol::ClientEvent{{}, std::move(inner)});
  send(protocol::write_translation_session("session.updated", event_id(), info_, config));
}

void TranslationSession::reject(base::Error fault, std::string id) {
  if (closing_) return;
  protocol::ErrorEvent error;
  error.code = std::move(fault.code);
  error.message = std::move(fault.message);
  if (!fault.param.empty()) error.param = std::move(fault.param);
  if (!id.empty()) error.event_id = std::move(id);
  driver_->handle(session::BadFrame{std::move(error)});
}

// What was begun is translated to its end; then the session is closed.
void TranslationSession::flush() {
  flushing_ = true;
  if (speaking_) driver_->handle(protocol::ClientEvent{{}, protocol::InputAudioBufferCommit{}});
  end_if_flushed();
}

void TranslationSession::end_if_flushed() {
  if (!flushing_ || closing_ || speaking_ || translating_ || !sentences_.empty()) return;
  send(protocol::write_translation_closed(event_id()));
  close(net::CloseCode::normal, "");
}

// ---- sentence by sentence
// ------------------------------------------------------------------------

void TranslationSession::translate_next() {
  if (closing_ || translating_ || sentences_.empty()) return;
  protocol::ResponseCreate request;
  request.out_of_band = true;
  request.instructions = instructions_for(setup_.config.language);
  protocol::ResponseInput input;
  input.reference_id = std::move(sentences_.front());
  sentences_.pop_front();
  request.input.emplace().push_back(std::move(input));
  translating_ = true;
  driver_->handle(protocol::ClientEvent{{}, std::move(request)});
}

void TranslationSession::on_event(const protocol::ServerEvent& event) {
  if (closing_) return;
  const auto& body = event.body;
  if (const auto* created = std::get_if<protocol::SessionCreated>(&body)) {
    info_ = created->info;
    send(protocol::write_translation_session("session.created", event.event_id, info_,
                                             setup_.config));
  } else if (std::holds_alternative<protocol::SpeechStarted>(body)) {
    speaking_ = true;
    first_source_delta_ = true;
  } else if (const auto* committed = std::get_if<protocol::InputAudioBufferCommitted>(&body)) {
    speaking_ = false;
    sentences_.push_back(committed->item_id);
    soon([this] { translate_next(); });
  } else if (const auto* source = std::get_if<protocol::TranscriptionDelta>(&body)) {
    if (!setup_.config.transcription) return;
    const bool first = std::exchange(first_source_delta_, false);
    send(protocol::write_translation_text("session.input_transcript.delta", event.event_id,
                                          (first ? " " : "") + source->delta, elapsed_ms()));
  } else if (const auto* text = std::get_if<protocol::AudioTranscriptDelta>(&body)) {
    const bool joins = !std::exchange(first_output_delta_, false) && text->ref.output_index == 0 &&
                       begins_sentence_;
    begins_sentence_ = false;
    send(protocol::write_translation_text("session.output_transcript.delta", event.event_id,
                                          (joins ? " " : "") + text->delta, elapsed_ms()));
  } else if (const auto* sound = std::get_if<protocol::AudioDelta>(&body)) {
    send(protocol::write_translation_audio(event.event_id, sound->audio, elapsed_ms()));
  } else if (const auto* done = std::get_if<protocol::ResponseDone>(&body)) {
    translating_ = false;
    begins_sentence_ = true;
    if (!done->response.error_message.empty()) {
      soon([this, code = done->response.error_code, message = done->response.error_message] {
        protocol::ErrorEvent error;
        error.type = "server_error";
        error.code = code;
        error.message = message;
        driver_->handle(session::BadFrame{std::move(error)});
      });
    }
    soon([this] {
      translate_next();
      end_if_flushed();
    });
  } else if (std::holds_alternative<protocol::ErrorEvent>(body)) {
    std::string frame;
    if (dialect_->write(event, frame)) send(std::move(frame));
  }
}

void TranslationSession::send(std::string frame) {
  if (closing_) return;
  socket_->send_text(std::move(frame));
  if (socket_->queued_bytes() > setup_.send_queue_bytes_max) {
    detail_ = "the client reads too slowly";
    close(net::CloseCode::policy_violation, "too slow: the send queue is full");
  }
}

// ---- the end
// -------------------------------------------------------------------------------------

void TranslationSession::on_end(int code, std::string reason, std::string_view detail) {
  detail_ = detail;
  close(static_cast<net::CloseCode>(code), std::move(reason));
}

void TranslationSession::close(net::CloseCode code, std::string reason) {
  if (std::exchange(closing_, true)) return;
  socket_->close(code, std::move(reason));
}

void TranslationSession::on_closed() {
  closing_ = true;
  driver_.reset();
  if (setup_.on_closed) std::exchange(setup_.on_closed, nullptr)(detail_);
}

}  // namespace parley::transport
