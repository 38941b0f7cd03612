// SPDX-License-Identifier: MIT
#include "providers/elevenlabs/tts_socket_job.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/job_channel.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/websocket.h"
#include "providers/remote/breaker.h"
#include "providers/remote/remote_call.h"
#include "providers/remote/retry.h"

namespace parley::providers::elevenlabs {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::TtsEvent;

constexpr std::size_t kMessageBytesMax = 16u << 20u;

// Outlives the job while a handshake or a callback is under way; close() ends all but that.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(TtsSocketPlan plan, net::EventLoop& loop, engine::Sink<TtsEvent> sink)
      : plan_(std::move(plan)),
        loop_(loop),
        channel_(std::make_shared<engine::JobChannel<TtsEvent>>(loop, std::move(sink))),
        timer_(loop),
        total_(loop) {}

  void begin() {
    const auto& endpoint = *plan_.endpoint;
    if (endpoint.breaker) {
      if (const auto wait = endpoint.breaker->refused(loop_.now())) return refuse(*wait);
    }
    if (endpoint.timeouts.total > base::Duration::zero()) {
      total_.arm(loop_.now() + endpoint.timeouts.total, late("timeout_total"));
    }
    connect();
  }

  // The owner is gone, or all is said.
  void close() {
    channel_->close();
    if (heard_ && !over_) report_success();
    over_ = true;
    leave();
  }

 private:
  void connect() {
    const auto& endpoint = *plan_.endpoint;
    decoder_ = plan_.decoder();
    net::WebSocketClientOptions options;
    options.url = plan_.url;
    options.headers = plan_.headers;
    options.headers.insert(options.headers.end(), endpoint.headers.begin(), endpoint.headers.end());
    options.tls = endpoint.tls;
    options.message_bytes_max = kMessageBytesMax;
    const base::Duration first = endpoint.timeouts.first_byte;
    if (first > base::Duration::zero()) {
      options.timeout = std::min(options.timeout, first);
      timer_.arm(loop_.now() + first, late("timeout_first_byte"));
    }
    attempt_ =
        net::connect_websocket(loop_, std::move(options), [weak = weak_from_this()](auto made) {
          const auto self = weak.lock();
          if (self) self->on_connected(std::move(made));
        });
  }

  // Not after leave(), which cancels the attempt.
  void on_connected(tl::expected<std::shared_ptr<net::WebSocket>, net::ConnectError> made) {
    if (!made) {
      Failure failure = remote::failure_of_connect(*plan_.endpoint, made.error());
      const bool again = remote::may_retry_connect(made.error(), failure.kind);
      return end_with(std::move(failure), again);
    }
    socket_ = std::move(*made);
    net::WebSocket::Handlers handlers;
    handlers.on_text = [weak = weak_from_this()](std::string_view text) {
      const auto self = weak.lock();
      if (self && !self->over_) self->on_text(text);
    };
    handlers.on_closed = [weak = weak_from_this(), socket = socket_.get()](int code,
                                                                           std::string_view why) {
      const auto self = weak.lock();
      if (self && !self->over_ && self->socket_.get() == socket) self->on_closed(code, why);
    };
    socket_->start(std::move(handlers));
    for (const auto& message : plan_.messages) socket_->send_text(message);
  }

  void on_text(std::string_view text) {
    std::vector<TtsEvent> events;
    decoder_->on_message(text, events);
    if (const auto idle = plan_.endpoint->timeouts.idle; idle > base::Duration::zero()) {
      timer_.arm(loop_.now() + idle, late("timeout_idle"));
    }
    pass_on(std::move(events));
  }

  void on_closed(int code, std::string_view reason) {
    constexpr int kNormal = 1000;
    constexpr int kBroken = 1006;
    if (code == kNormal) {
      std::vector<TtsEvent> events;
      decoder_->on_end(events);
      return pass_on(std::move(events));
    }
    std::string what = "broke off its answer";
    if (code != kBroken) what = "closed the connection (" + std::to_string(code) + ")";
    if (!reason.empty()) what.append(": ").append(reason);
    end_with(remote::make_failure(*plan_.endpoint, FailureKind::unavailable, what), !heard_);
  }

  void pass_on(std::vector<TtsEvent> events) {
    if (events.empty()) return;
    if (auto* last = std::get_if<Failure>(&events.back())) {
      Failure failure = std::move(*last);
      events.pop_back();
      heard_ = heard_ || !events.empty();
      for (auto& event : events) channel_->emit(std::move(event));
      const bool again = may_pass(failure.kind);
      return end_with(std::move(failure), again);
    }
    heard_ = true;
    if (openai::is_over(events)) {
      over_ = true;
      report_success();
      leave();
    }
    for (auto& event : events) channel_->emit(std::move(event));
  }

  static bool may_pass(FailureKind kind) {
    return kind == FailureKind::rate_limited || kind == FailureKind::overloaded ||
           kind == FailureKind::unavailable;
  }

  // Or tries once more, where that may help and nothing was heard.
  void end_with(Failure failure, bool may_help) {
    leave();
    if (may_help && !heard_ && retries_ < plan_.endpoint->retries) {
      constexpr double kNoJitter = 1;  // one request of one turn: no herd to spread
      const auto again = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && !self->over_) self->connect();
      };
      return timer_.arm(loop_.now() + remote::back_off(retries_++, kNoJitter), again);
    }
    over_ = true;
    total_.disarm();
    if (plan_.endpoint->breaker) plan_.endpoint->breaker->failed(failure, loop_.now());
    std::vector<TtsEvent> held;
    if (decoder_) decoder_->on_break(held);
    for (auto& event : held) channel_->emit(std::move(event));
    channel_->emit(std::move(failure));
  }

  void refuse(base::Duration wait) {
    over_ = true;
    const Failure why = plan_.endpoint->breaker->last_failure();
    Failure failure =
        remote::make_failure(*plan_.endpoint, why.kind, "is left alone for a while after trouble");
    failure.retry_after = std::chrono::ceil<base::Milliseconds>(wait);
    channel_->emit(std::move(failure));
  }

  std::function<void()> late(const char* code) {
    return [weak = weak_from_this(), code] {
      const auto self = weak.lock();
      if (!self || self->over_) return;
      const base::Error error{code, {}, {}};
      self->end_with(remote::failure_of_transport(*self->plan_.endpoint, error), false);
    };
  }

  void report_success() {
    if (plan_.endpoint->breaker) plan_.endpoint->breaker->succeeded();
  }
  void leave() {
    timer_.disarm();
    if (over_) total_.disarm();
    if (const auto attempt = attempt_.lock()) attempt->cancel();
    if (const auto socket = std::exchange(socket_, nullptr)) {
      socket->close(net::CloseCode::normal, {});
    }
  }

  const TtsSocketPlan plan_;
  net::EventLoop& loop_;
  const std::shared_ptr<engine::JobChannel<TtsEvent>> channel_;
  net::Timer timer_;  // the wait before an attempt, then for the next message
  net::Timer total_;
  std::unique_ptr<openai::SpeechDecoder> decoder_;
  std::weak_ptr<net::ConnectAttempt> attempt_;
  std::shared_ptr<net::WebSocket> socket_;
  int retries_ = 0;
  bool heard_ = false;
  bool over_ = false;
};

class Job final : public engine::TtsJob {
 public:
  explicit Job(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Job() override { exchange_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 private:
  const std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<engine::TtsJob> start_tts_socket(TtsSocketPlan plan, base::Executor& loop,
                                                 engine::Sink<TtsEvent> sink) {
  auto exchange =
      std::make_shared<Exchange>(std::move(plan), net::event_loop_of(loop), std::move(sink));
  exchange->begin();
  return std::make_unique<Job>(std::move(exchange));
}

}  // namespace parley::providers::elevenlabs
