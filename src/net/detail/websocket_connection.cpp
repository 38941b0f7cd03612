// SPDX-License-Identifier: MIT
#include "net/detail/websocket_connection.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::net::detail {

namespace {

namespace websocket = beast::websocket;

constexpr base::Duration kCloseTimeMax = std::chrono::seconds(2);
// A message is taken in pieces that grow with what came, so that a header alone allocates nothing.
constexpr std::size_t kReadBytes = 64u << 10u;
// What the read buffer may keep between messages.
constexpr std::size_t kKeptBytes = 256u << 10u;
// A client masks and writes in steps of this; a server writes a frame as it is.
constexpr std::size_t kMaskBytes = 16u << 10u;
// RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code.
constexpr std::size_t kReasonBytesMax = 123;

constexpr int kNoCode = 1005;  // the peer closed without one (RFC 6455 §7.1.5)
constexpr int kBroken = 1006;

std::string cut_to_fit(std::string reason) {
  if (reason.size() <= kReasonBytesMax) return reason;
  std::size_t end = kReasonBytesMax;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80U) --end;
  reason.resize(end);
  return reason;
}

int code_of(error_code error) {
  if (error == websocket::error::message_too_big) return 1009;
  if (error == websocket::error::bad_frame_payload) return 1007;
  if (error == websocket::condition::protocol_violation) return 1002;
  return kBroken;
}

}  // namespace

WebSocketConnection::WebSocketConnection(EventLoop& loop, Stream stream,
                                         const WebSocketLimits& limits)
    : loop_(loop),
      wire_(std::move(stream)),
      idle_timeout_(limits.idle_timeout),
      patience_(std::max(limits.patience, limits.idle_timeout)),
      closing_timer_(loop),
      idle_timer_(loop) {
  const auto or_none = [](base::Duration d) {
    return d > base::Duration::zero() ? d : websocket::stream_base::none();
  };
  wire_.set_option(websocket::stream_base::timeout{or_none(limits.handshake_timeout),
                                                   websocket::stream_base::none(), false});
  wire_.control_callback([this](auto, auto) { heard(); });
  wire_.read_message_max(limits.message_bytes_max);
  wire_.auto_fragment(false);
  wire_.write_buffer_bytes(kMaskBytes);
}

WebSocketConnection::~WebSocketConnection() {
  // Whoever held on to a closed connection may let go of it on another thread.
  if (listed_) loop_.impl().members.erase(this);
}

void WebSocketConnection::abandon() {
  const auto self = shared_from_this();  // the handlers may hold the last other reference
  const Handlers dropped = std::exchange(handlers_, {});
}

void WebSocketConnection::start(Handlers handlers) {
  PARLEY_ASSERT(loop_.impl().may_touch() && !started_);
  started_ = true;
  handlers_ = std::move(handlers);
  if (state_ == State::closed) {
    loop_.post([self = shared_from_this()] { self->report(self->outcome_); });
    return;
  }
  loop_.impl().members.insert(this);
  listed_ = true;
  heard();
  watch();
  // Once the close frame is on its way, Beast reads on its own until the peer's comes.
  if (!close_frame_begun_) read();
}

void WebSocketConnection::send(Frame frame) {
  PARLEY_ASSERT(loop_.impl().may_touch());
  if (state_ != State::open) return;
  sent_since_heard_ = true;
  queued_bytes_ += frame.data.size();
  queue_.push_back(std::move(frame));
  if (!writing_) write_next();
}

void WebSocketConnection::write_next() {
  writing_ = true;
  wire_.text(queue_.front().is_text);
  wire_.async_write(
      asio::buffer(queue_.front().data),
      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void WebSocketConnection::on_written(error_code error) {
  writing_ = false;
  if (state_ == State::closed) return;
  if (error) {
    queue_.clear();
    queued_bytes_ = 0;
    // What the peer said last may still wait to be read, and says more than this error.
    if (reading_ && state_ == State::open) return give_up_in(kCloseTimeMax);
    return finish(std::move(outcome_));
  }
  queued_bytes_ -= queue_.front().data.size();
  queue_.pop_front();
  if (!queue_.empty()) {
    write_next();
  } else if (state_ == State::closing) {
    send_close_frame();
  }
  if (state_ == State::open && handlers_.on_sent) handlers_.on_sent();
}

void WebSocketConnection::read() {
  reading_ = true;
  wire_.async_read_some(
      message_, std::max(kReadBytes, message_.size()),
      [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void WebSocketConnection::on_read(error_code error) {
  reading_ = false;
  if (state_ == State::closed) return;
  if (error) return on_read_error(error);
  heard();
  if (paused_ && state_ == State::open) {
    held_ = true;
  } else {
    take_read();
  }
}

void WebSocketConnection::take_read() {
  held_ = false;
  if (wire_.is_message_done()) deliver();
  // Even when closing: the peer's close frame is among what still comes. Even when paused: with a
  // read under way, pings are answered and the end is noticed until something does come.
  if (state_ != State::closed && !close_frame_begun_) read();
}

void WebSocketConnection::pause() {
  PARLEY_ASSERT(loop_.impl().may_touch());
  paused_ = true;
}

void WebSocketConnection::resume() {
  PARLEY_ASSERT(loop_.impl().may_touch());
  if (!std::exchange(paused_, false) || !held_) return;
  loop_.post([self = shared_from_this()] {
    if (self->held_ && !self->paused_) self->take_read();
  });
}

void WebSocketConnection::deliver() {
  if (state_ == State::open) {
    const auto bytes = message_.cdata();
    const std::string_view view(static_cast<const char*>(bytes.data()), bytes.size());
    const auto& handler = wire_.got_text() ? handlers_.on_text : handlers_.on_binary;
    try {
      if (handler) handler(view);
    } catch (...) {
      // What breaks one conversation must not end the process.
      close(CloseCode::internal_error, "internal error");
    }
  }
  message_.clear();
  if (message_.capacity() > kKeptBytes) message_.shrink_to_fit();
}

void WebSocketConnection::on_read_error(error_code error) {
  if (close_frame_begun_) {
    // The closing handshake took the reading over and reports by itself.
    if (error == asio::error::operation_aborted) return;
    return finish(std::move(outcome_));
  }
  if (error == websocket::error::closed) {
    const auto& said = wire_.reason();
    const int code = said.code == websocket::close_code::none ? kNoCode : said.code;
    return finish({code, std::string(said.reason.data(), said.reason.size())});
  }
  if (state_ == State::closing) return finish(std::move(outcome_));
  finish({code_of(error), {}});
}

void WebSocketConnection::close(CloseCode code, std::string reason) {
  PARLEY_ASSERT(loop_.impl().may_touch());
  if (state_ != State::open) return;
  state_ = State::closing;
  outcome_ = {static_cast<int>(code), cut_to_fit(std::move(reason))};
  give_up_in(kCloseTimeMax);
  if (!writing_) send_close_frame();
}

void WebSocketConnection::send_close_frame() {
  close_frame_begun_ = true;
  wire_.async_close({static_cast<websocket::close_code>(outcome_.code), outcome_.reason},
                    [self = shared_from_this()](error_code) {
                      if (self->state_ != State::closed) self->finish(std::move(self->outcome_));
                    });
}

// The timer is a member, so the connection exists when it fires; on_closed may drop it.
void WebSocketConnection::give_up_in(base::Duration delay) {
  closing_timer_.arm(loop_.now() + delay, [this] {
    const auto self = shared_from_this();
    finish(std::move(outcome_));
  });
}

void WebSocketConnection::heard() {
  heard_at_ = loop_.now();
  sent_since_heard_ = pinged_ = false;
}

// Looks again when there will be something to do at the earliest; that the peer was heard
// meanwhile costs nothing.
void WebSocketConnection::watch() {
  if (state_ != State::open || idle_timeout_ <= base::Duration::zero()) return;
  if (held_) heard();  // we do not listen
  const base::Instant give_up_at = heard_at_ + (sent_since_heard_ ? patience_ : idle_timeout_);
  const base::Instant now = loop_.now();
  if (now >= give_up_at) return finish({kBroken, {}});
  if (!pinged_ && now >= heard_at_ + idle_timeout_ / 2) ping();
  const base::Instant next =
      pinged_ ? std::min(give_up_at, now + idle_timeout_ / 2) : heard_at_ + idle_timeout_ / 2;
  idle_timer_.arm(next, [this] {
    const auto self = shared_from_this();
    watch();
  });
}

void WebSocketConnection::ping() {
  pinged_ = true;
  if (std::exchange(pinging_, true)) return;
  wire_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
}

void WebSocketConnection::finish(Outcome outcome) {
  PARLEY_ASSERT(state_ != State::closed);
  state_ = State::closed;
  outcome_ = std::move(outcome);
  closing_timer_.disarm();
  idle_timer_.disarm();
  wire_.next_layer().close();
  if (!writing_) queue_.clear();  // else Beast still holds the front
  queued_bytes_ = 0;
  if (started_) report(outcome_);
}

void WebSocketConnection::report(const Outcome& outcome) {
  loop_.impl().members.erase(this);
  listed_ = false;
  // Taken out: the owner's captures, often a way back to this object, must go.
  const Handlers handlers = std::exchange(handlers_, {});
  if (handlers.on_closed) handlers.on_closed(outcome.code, outcome.reason);
}

}  // namespace parley::net::detail
