// SPDX-License-Identifier: MIT
#include "transport/websocket_session.h"

#include <utility>

#include "audio/base64.h"

namespace parley::transport {

namespace {

// The Realtime API's limit for one append, decoded.
constexpr std::size_t kAppendBytesMax = 15u << 20u;

constexpr int kNarrowHz = 16000;
constexpr int kWideHz = 24000;

}  // namespace

std::shared_ptr<WebSocketSession> WebSocketSession::start(std::shared_ptr<net::WebSocket> socket,
                                                          SessionSetup setup) {
  std::shared_ptr<WebSocketSession> session(
      new WebSocketSession(std::move(socket), std::move(setup)));
  // The socket's handlers own the session, and the socket is kept by net/ until it is closed.
  session->socket_->start({
      .on_text = [session](std::string_view frame) { session->on_text(frame); },
      .on_binary = [session](std::string_view) { session->on_binary(); },
      .on_closed = [session](int, std::string_view) { session->on_closed(); },
  });
  session->driver_->start();
  return session;
}

WebSocketSession::WebSocketSession(std::shared_ptr<net::WebSocket> socket, SessionSetup setup)
    : socket_(std::move(socket)), setup_(std::move(setup)) {
  auto& format = setup_.session.defaults.input_format;
  if (setup_.input_rate == InputRate::narrow && format.encoding == base::AudioEncoding::pcm16) {
    format.rate_hz = kNarrowHz;
  }
  driver_ = std::make_unique<driver::SessionDriver>(socket_->loop(), std::move(setup_.session),
                                                    setup_.engines,
                                                    static_cast<driver::SessionClient&>(*this));
}

WebSocketSession::~WebSocketSession() = default;

// ---- from the client
// -----------------------------------------------------------------------------

void WebSocketSession::on_text(std::string_view frame) {
  if (closing_) return;
  std::string event_id;
  auto parsed = setup_.dialect->parse(frame, event_id);
  if (!parsed) {
    reject_frame(std::move(parsed.error()), std::move(event_id));
    return;
  }
  if (const auto* append = std::get_if<protocol::InputAudioBufferAppend>(&parsed->body)) {
    on_append(append->audio_base64, std::move(parsed->event_id));
    return;
  }
  if (auto* update = std::get_if<protocol::SessionUpdate>(&parsed->body)) {
    use_input_rate(update->session);
  }
  driver_->handle(std::move(*parsed));
}

void WebSocketSession::on_append(std::string_view base64, std::string event_id) {
  if (base64.size() / 4 * 3 > kAppendBytesMax + 2) {
    reject_frame({"string_above_max_length",
                  "Invalid 'audio': at most 15 MiB of audio can be appended at once.", "audio"},
                 std::move(event_id));
    return;
  }
  audio_.clear();
  if (!audio::base64_decode(base64, audio_)) {
    reject_frame({"invalid_value",
                  "Invalid 'audio'. Expected base64-encoded audio bytes in the session's input "
                  "format, but got an invalid value.",
                  "audio"},
                 std::move(event_id));
    return;
  }
  if (setup_.input_rate == InputRate::measured) measure(audio_.size());
  driver_->handle(session::AudioAppended{audio_, std::move(event_id)});
}

// `pcm16` is what such a client says of every rate.
void WebSocketSession::use_input_rate(protocol::SessionPatch& patch) const {
  if (setup_.input_rate == InputRate::declared || !patch.input_format) return;
  if (patch.input_format->encoding != base::AudioEncoding::pcm16) return;
  const bool narrow = setup_.input_rate == InputRate::narrow;
  patch.input_format->rate_hz =
      narrow ? kNarrowHz : driver_->session().config().input_format.rate_hz;
}

// A microphone sends as fast as it hears: after a second the bytes tell its rate. Audio that comes
// faster is a file, which keeps the declared one.
void WebSocketSession::measure(std::size_t bytes) {
  const base::Instant now = socket_->loop().now();
  if (!measured_since_) measured_since_ = now;
  const auto elapsed = std::chrono::duration<double>(now - *measured_since_).count();
  if (elapsed >= 1) {
    setup_.input_rate = InputRate::declared;
    const double rate_hz = static_cast<double>(measured_bytes_) / 2 / elapsed;
    constexpr double kBetween = (kNarrowHz + kWideHz) / 2.0;
    if (driver_->session().config().input_format.encoding != base::AudioEncoding::pcm16) return;
    if (rate_hz >= kBetween) return;
    setup_.input_rate = InputRate::narrow;
    protocol::SessionUpdate update;
    update.session.input_format = {base::AudioEncoding::pcm16, kNarrowHz};
    driver_->handle(protocol::ClientEvent{{}, std::move(update)});
  }
  measured_bytes_ += bytes;
}

void WebSocketSession::on_binary() {
  if (closing_) return;
  reject_frame(
      {"invalid_event", "Expected a text WebSocket message; binary frames are not supported.", {}},
      {});
}

void WebSocketSession::reject_frame(base::Error fault, std::string event_id) {
  protocol::ErrorEvent error;
  error.code = std::move(fault.code);
  error.message = std::move(fault.message);
  if (!fault.param.empty()) error.param = std::move(fault.param);
  if (!event_id.empty()) error.event_id = std::move(event_id);
  driver_->handle(session::BadFrame{std::move(error)});
}

// ---- to the client
// -------------------------------------------------------------------------------

void WebSocketSession::on_event(const protocol::ServerEvent& event) {
  if (closing_) return;
  std::string frame;
  if (setup_.dialect->write(event, frame)) socket_->send_text(std::move(frame));
  for (frame.clear(); setup_.dialect->write_more(frame); frame.clear()) {
    socket_->send_text(std::move(frame));
  }
  if (socket_->queued_bytes() > setup_.send_queue_bytes_max) {
    detail_ = "the client reads too slowly";
    close(net::CloseCode::policy_violation, "too slow: the send queue is full");
  }
}

void WebSocketSession::on_end(int code, std::string reason, std::string_view detail) {
  detail_ = detail;
  close(static_cast<net::CloseCode>(code), std::move(reason));
}

// ---- the end
// -------------------------------------------------------------------------------------

void WebSocketSession::close(net::CloseCode code, std::string reason) {
  if (std::exchange(closing_, true)) return;
  socket_->close(code, std::move(reason));
}

void WebSocketSession::on_closed() {
  closing_ = true;
  driver_.reset();
  if (setup_.on_closed) std::exchange(setup_.on_closed, nullptr)(detail_);
}

}  // namespace parley::transport
