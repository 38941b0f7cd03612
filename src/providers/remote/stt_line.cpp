// SPDX-License-Identifier: MIT
#include "providers/remote/stt_line.h"

#include <algorithm>

namespace parley::providers::remote {

namespace {

constexpr base::Duration kHandshakeMax = std::chrono::seconds(10);
constexpr std::size_t kMessageBytesMax = 4u << 20u;

}  // namespace

std::shared_ptr<SttLine> SttLine::over(std::shared_ptr<net::WebSocket> socket) {
  std::shared_ptr<SttLine> line(new SttLine(std::move(socket)));
  net::WebSocket::Handlers handlers;
  const auto pass_on = [weak = line->weak_from_this()](std::string_view message, bool binary) {
    const auto self = weak.lock();
    if (!self || !self->listener_.on_message) return;
    const auto on_message = self->listener_.on_message;  // a listener may hang up
    on_message(message, binary);
  };
  handlers.on_text = [pass_on](std::string_view message) { pass_on(message, false); };
  handlers.on_binary = [pass_on](std::string_view message) { pass_on(message, true); };
  handlers.on_closed = [weak = line->weak_from_this()](int code, std::string_view reason) {
    const auto self = weak.lock();
    if (!self || !self->socket_) return;
    self->socket_ = nullptr;
    const Listener listener = std::exchange(self->listener_, {});
    if (listener.on_closed) listener.on_closed(code, reason);
  };
  line->socket_->start(std::move(handlers));
  return line;
}

void SttLine::send(SttFrame frame) {
  if (!socket_) return;
  if (frame.binary) {
    socket_->send_binary(std::move(frame.bytes));
  } else {
    socket_->send_text(std::move(frame.bytes));
  }
}

void SttLine::hang_up() {
  listener_ = {};
  if (const auto socket = std::exchange(socket_, nullptr)) {
    socket->close(net::CloseCode::normal, {});
  }
}

net::WebSocketClientOptions stt_socket_options(const SttPlan& plan) {
  const Endpoint& endpoint = *plan.endpoint;
  net::WebSocketClientOptions options;
  options.url = plan.url;
  options.headers = plan.headers;
  options.headers.insert(options.headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  options.subprotocols = plan.subprotocols;
  options.tls = endpoint.tls;
  options.message_bytes_max = kMessageBytesMax;
  const base::Duration first = endpoint.timeouts.first_byte;
  options.timeout = first > base::Duration::zero() ? std::min(first, kHandshakeMax) : kHandshakeMax;
  return options;
}

struct SttSpares::Spare {
  std::weak_ptr<SttSpares> owner;
  SttFrame keep_alive;
  base::Instant until;
  std::shared_ptr<SttLine> line;  // null: not open yet, or taken
};

std::shared_ptr<SttLine> SttSpares::take(net::EventLoop& loop, const std::string& url) {
  std::shared_ptr<Spare> spare;
  {
    const std::lock_guard lock(mutex_);
    const auto found = spares_.find({&loop, url});
    if (found == spares_.end()) return nullptr;
    spare = found->second.lock();
    if (spare && !spare->line) return nullptr;  // it will be the next one's
    spares_.erase(found);
  }
  if (!spare) return nullptr;
  auto line = std::exchange(spare->line, nullptr);
  return line->open() ? line : nullptr;
}

void SttSpares::open(net::EventLoop& loop, const SttPlan& plan, const SttFrame& keep_alive) {
  auto spare = std::make_shared<Spare>();
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(spares_, [](const auto& entry) { return entry.second.expired(); });
    auto& place = spares_[{&loop, plan.url}];
    if (const auto waiting = place.lock(); waiting && (!waiting->line || waiting->line->open())) {
      return;
    }
    place = spare;
  }
  spare->owner = weak_from_this();
  spare->keep_alive = keep_alive;
  spare->until = loop.now() + kAgeMax;
  net::connect_websocket(loop, stt_socket_options(plan), [&loop, spare](auto made) {
    if (!made) return;
    spare->line = SttLine::over(std::move(*made));
    keep(loop, spare);
  });
}

void SttSpares::keep(net::EventLoop& loop, const std::shared_ptr<Spare>& spare) {
  loop.post_after(kKeepAlive, [&loop, spare] {
    if (!spare->line || !spare->line->open()) return;
    if (spare->owner.expired() || loop.now() >= spare->until) return spare->line->hang_up();
    spare->line->send(spare->keep_alive);
    keep(loop, spare);
  });
}

}  // namespace parley::providers::remote
