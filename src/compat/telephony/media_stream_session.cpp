// SPDX-License-Identifier: MIT
#include "compat/telephony/media_stream_session.h"

#include <utility>
#include <variant>

#include "audio/base64.h"

namespace parley::compat {

namespace {

constexpr std::int64_t kTelnyxPieceMsMin = 20;
constexpr auto kDigitsPause = std::chrono::milliseconds(1500);
constexpr std::size_t kDigitsMax = 64;

}  // namespace

std::shared_ptr<MediaStreamSession> MediaStreamSession::start(
    std::shared_ptr<net::WebSocket> socket, MediaStreamSetup setup) {
  std::shared_ptr<MediaStreamSession> session(
      new MediaStreamSession(std::move(socket), std::move(setup)));
  session->socket_->start({
      .on_text = [session](std::string_view frame) { session->on_text(frame); },
      .on_binary =
          [session](std::string_view) {
            session->reject(StreamFault::malformed_frame, "a binary message");
          },
      .on_closed = [session](int, std::string_view) { session->on_closed(); },
  });
  return session;
}

MediaStreamSession::MediaStreamSession(std::shared_ptr<net::WebSocket> socket,
                                       MediaStreamSetup setup)
    : socket_(std::move(socket)), setup_(std::move(setup)), digits_timer_(socket_->loop()) {}

MediaStreamSession::~MediaStreamSession() = default;

void MediaStreamSession::soon(std::function<void()> task) {
  socket_->loop().post([self = weak_from_this(), task = std::move(task)] {
    const auto here = self.lock();
    if (here && here->driver_ && !here->closing_) task();
  });
}

// ---- from the carrier --------------------------------------------------------------------------

void MediaStreamSession::on_text(std::string_view frame) {
  if (closing_) return;
  std::string why;
  auto message = read_stream_message(setup_.carrier, frame, why);
  if (!message) {
    reject(why.starts_with("media") ? StreamFault::invalid_media : StreamFault::malformed_frame,
           why);
    // A start that cannot be served ends the call: nobody would be heard.
    if (!driver_ && why.starts_with("a media format")) {
      detail_ = why;
      close(net::CloseCode::policy_violation, why);
    }
    return;
  }
  if (auto* start = std::get_if<StreamStart>(&*message)) {
    if (!driver_) begin_call(*start);
    return;
  }
  if (std::holds_alternative<StreamStop>(*message)) {
    close(net::CloseCode::normal, "");
    return;
  }
  if (!driver_) {
    if (std::holds_alternative<StreamMedia>(*message)) {
      reject(StreamFault::invalid_media, "media before the start");
    }
    return;
  }
  if (auto* media = std::get_if<StreamMedia>(&*message)) {
    on_media(*media);
  } else if (const auto* mark = std::get_if<StreamMark>(&*message)) {
    playout_.returned(mark->name, socket_->loop().now());
  } else if (const auto* dtmf = std::get_if<StreamDtmf>(&*message)) {
    on_digit(dtmf->digit);
  }
}

void MediaStreamSession::reject(StreamFault fault, std::string_view why) {
  if (setup_.carrier == Carrier::telnyx) send(write_fault(stream_id_, fault, why));
}

void MediaStreamSession::begin_call(StreamStart& start) {
  stream_id_ = std::move(start.stream_id);
  format_ = start.format;
  order_ = MediaOrder(format_);
  auto& config = setup_.session.defaults;
  config.input_format = config.output_format = format_;
  config.output_modality = protocol::Modality::audio;
  if (!config.turn_detection) config.turn_detection = protocol::TurnDetection{};
  if (!config.transcription) config.transcription = protocol::Transcription{"whisper-1", {}, {}};
  std::string token;
  for (auto& [name, value] : start.parameters) {
    if (value.empty()) continue;
    if (name == "instructions") config.instructions = std::move(value);
    if (name == "voice") config.voice = std::move(value);
    if (name == "language") config.transcription->language = std::move(value);
    if (name == "greeting") setup_.greet = value != "false";
    if (name == "token") token = std::move(value);
  }
  if (setup_.admit && !setup_.admit(token)) {
    detail_ = "no valid token in the stream's parameters";
    close(net::CloseCode::policy_violation, "no valid token");
    return;
  }
  driver_ = std::make_unique<driver::SessionDriver>(socket_->loop(), setup_.session, setup_.engines,
                                                    static_cast<driver::SessionClient&>(*this));
  driver_->start();
  if (setup_.greet) say(protocol::ResponseCreate{});
}

void MediaStreamSession::on_media(StreamMedia& media) {
  sound_.clear();
  order_.push(media.audio, media.timestamp_ms, sound_);
  if (!sound_.empty()) driver_->handle(session::AudioAppended{sound_, {}});
}

void MediaStreamSession::on_digit(char digit) {
  const bool ends = digit == '#' && !digits_.empty();
  if (!ends) digits_ += digit;
  if (ends || digits_ == "#" || digits_.size() >= kDigitsMax) {
    say_digits();
    return;
  }
  digits_timer_.arm(socket_->loop().now() + kDigitsPause, [this] { say_digits(); });
}

void MediaStreamSession::say_digits() {
  digits_timer_.disarm();
  if (digits_.empty() || closing_ || !driver_) return;
  protocol::ConversationItemCreate create;
  create.item.role = protocol::Role::user;
  protocol::ContentPart part;
  part.type = protocol::PartType::input_text;
  part.text = "The caller pressed " + std::exchange(digits_, {}) + " on the telephone's keys.";
  create.item.content.push_back(std::move(part));
  stop_playing();
  if (answering_) say(protocol::ResponseCancel{});
  say(std::move(create));
  say(protocol::ResponseCreate{});
}

void MediaStreamSession::say(protocol::ClientEventBody body) {
  driver_->handle(protocol::ClientEvent{{}, std::move(body)});
}

// ---- to the carrier ----------------------------------------------------------------------------

void MediaStreamSession::on_event(const protocol::ServerEvent& event) {
  if (closing_) return;
  const auto& body = event.body;
  if (const auto* sound = std::get_if<protocol::AudioDelta>(&body)) {
    on_sound(*sound);
  } else if (std::holds_alternative<protocol::SpeechStarted>(body)) {
    const auto& detection = driver_->session().config().turn_detection;
    if (!detection || detection->interrupt_response) soon([this] { stop_playing(); });
  } else if (std::holds_alternative<protocol::ResponseCreated>(body)) {
    answering_ = true;
  } else if (std::holds_alternative<protocol::ResponseDone>(body)) {
    answering_ = false;
  }
}

void MediaStreamSession::on_sound(const protocol::AudioDelta& delta) {
  if (delta.ref.item_id != item_id_) {
    item_id_ = delta.ref.item_id;
    item_bytes_ = 0;
  }
  item_bytes_ += std::ssize(delta.audio);
  const std::int64_t bytes_per_ms = format_.rate_hz * format_.bytes_per_sample() / 1000;
  std::string payload;
  const auto least = static_cast<std::size_t>(kTelnyxPieceMsMin * bytes_per_ms);
  if (setup_.carrier == Carrier::telnyx && delta.audio.size() < least) {
    std::vector<std::uint8_t> padded(delta.audio.begin(), delta.audio.end());
    padded.resize(least, silence_of(format_.encoding));
    audio::base64_encode(padded, payload);
  } else {
    audio::base64_encode(delta.audio, payload);
  }
  send(write_media(setup_.carrier, stream_id_, payload));
  send(write_mark(setup_.carrier, stream_id_,
                  playout_.sent(item_id_, item_bytes_ / bytes_per_ms, socket_->loop().now())));
}

// The caller speaks: what the carrier still holds is not to be heard, and the history ends where
// the caller's hearing did.
void MediaStreamSession::stop_playing() {
  const auto heard = playout_.clear(socket_->loop().now());
  if (heard.empty()) return;
  send(write_clear(setup_.carrier, stream_id_));
  for (const auto& part : heard) {
    protocol::ConversationItemTruncate truncate;
    truncate.item_id = part.item_id;
    truncate.audio_end_ms = static_cast<int>(part.ms);
    say(std::move(truncate));
  }
}

void MediaStreamSession::send(std::string frame) {
  if (closing_) return;
  socket_->send_text(std::move(frame));
  if (socket_->queued_bytes() > setup_.send_queue_bytes_max) {
    detail_ = "the carrier reads too slowly";
    close(net::CloseCode::policy_violation, "too slow: the send queue is full");
  }
}

// ---- the end -----------------------------------------------------------------------------------

void MediaStreamSession::on_end(int code, std::string reason, std::string_view detail) {
  detail_ = detail;
  close(static_cast<net::CloseCode>(code), std::move(reason));
}

void MediaStreamSession::close(net::CloseCode code, std::string reason) {
  if (std::exchange(closing_, true)) return;
  digits_timer_.disarm();
  socket_->close(code, std::move(reason));
}

void MediaStreamSession::on_closed() {
  closing_ = true;
  digits_timer_.disarm();
  driver_.reset();
  if (setup_.on_closed) std::exchange(setup_.on_closed, nullptr)(detail_);
}

}  // namespace parley::compat
