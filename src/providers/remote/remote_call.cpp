// SPDX-License-Identifier: MIT
#include "providers/remote/remote_call.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/random.h"
#include "net/event_loop.h"
#include "providers/remote/breaker.h"
#include "providers/remote/retry.h"

namespace parley::providers::remote {

namespace {

using engine::Failure;

// An error's body is small; an engine that dribbles it does not hold up the turn.
constexpr std::size_t kErrorBytesMax = 64u << 10u;
constexpr base::Duration kErrorBodyTime = std::chrono::seconds(2);
// How long a connection may take to come to the end of an answer that is over.
constexpr base::Duration kLingerTime = std::chrono::seconds(1);

// Outlives a callback in which the call is destroyed; close() drops everything else.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(net::EventLoop& loop, std::shared_ptr<const Endpoint> endpoint, RemoteRequest request,
           RemoteHandlers handlers)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        request_(std::move(request)),
        handlers_(std::move(handlers)),
        timer_(loop) {}

  void begin() {
    started_ = loop_.now();
    if (endpoint_->breaker) {
      if (const auto wait = endpoint_->breaker->refused(started_)) return wait_or_refuse(*wait);
    }
    attempt();
  }

  void blame(const Failure& failure) { report(failure); }

  void let_finish() {
    if (closed_ || !call_) return;
    report_success();
    if (failing_) return;
    lingering_ = true;
    timer_.disarm();
    // The only thing that now keeps this exchange alive; it ends with the loop at the latest.
    loop_.post_after(kLingerTime, [self = shared_from_this()] { self->finish_lingering(); });
  }

  // The owner is gone, or all is said.
  void close() {
    if (closed_ || lingering_) return;
    closed_ = true;
    // Cancelled in the middle of an answer: the engine did work.
    if (answered_ && !failing_) report_success();
    stop();
  }

 private:
  template <class Method, class... Args>
  auto guarded(Method method, Args... bound) {
    return [weak = weak_from_this(), method, bound...](auto&&... args) {
      const auto self = weak.lock();
      if (self && !self->closed_) {
        ((*self).*method)(bound..., std::forward<decltype(args)>(args)...);
      }
    };
  }

  void wait_or_refuse(base::Duration wait) {
    const Failure failure = failure_of_breaker(*endpoint_, wait);
    if (failure.kind == engine::FailureKind::rate_limited && endpoint_->retries > 0 &&
        wait <= kBreakerPatience) {
      ++retries_;
      timer_.arm(started_ + wait, guarded(&Exchange::attempt));
      return;
    }
    told_breaker_ = true;  // it knows
    // Never from inside start().
    loop_.post(guarded(&Exchange::end_with, failure));
  }

  void attempt() {
    status_ = 0;
    error_body_.clear();
    net::HttpClientRequest http;
    http.method = request_.method;
    http.url = request_.url;
    http.headers = request_.headers;
    http.headers.insert(http.headers.end(), endpoint_->headers.begin(), endpoint_->headers.end());
    http.body = request_.body;
    http.tls = endpoint_->tls;
    http.timeouts = endpoint_->timeouts;
    const base::Instant now = loop_.now();
    if (http.timeouts.total > base::Duration::zero()) {
      http.timeouts.total =
          std::max<base::Duration>(http.timeouts.total - (now - started_), base::Milliseconds(1));
    }
    if (request_.await_first_piece && http.timeouts.first_byte > base::Duration::zero()) {
      timer_.arm(now + http.timeouts.first_byte, guarded(&Exchange::first_piece_is_late));
    }
    net::HttpClientHandlers handlers;
    handlers.on_headers = guarded(&Exchange::on_headers);
    handlers.on_body = guarded(&Exchange::on_body);
    handlers.on_done = guarded(&Exchange::on_done);
    call_ = net::start_http(loop_, std::move(http), std::move(handlers));
  }

  bool accepted() const { return status_ >= 200 && status_ < 300; }

  void on_headers(int status, const net::HeaderList& headers) {
    status_ = status;
    headers_ = headers;
    if (!accepted()) timer_.arm(loop_.now() + kErrorBodyTime, guarded(&Exchange::refused));
  }

  void on_body(std::string_view piece) {
    if (piece.empty() || lingering_) return;
    if (!accepted()) {
      error_body_.append(piece.substr(0, kErrorBytesMax - error_body_.size()));
      if (error_body_.size() >= kErrorBytesMax) refused();
      return;
    }
    announce();
    if (!closed_) handlers_.on_body(piece);
  }

  // Only now that no retry can follow.
  void announce() {
    if (answered_) return;
    answered_ = true;
    timer_.disarm();
    if (handlers_.on_accepted) handlers_.on_accepted(headers_);
  }

  void on_done(const base::Result<void>& result) {
    if (lingering_) return finish_lingering();
    if (status_ != 0 && !accepted()) return refused();
    if (!result) {
      if (!answered_ && may_retry_transport(result.error().code) && retry({})) return;
      return end_with(failure_of_transport(*endpoint_, result.error()));
    }
    announce();
    if (closed_) return;
    // The handler may blame() first.
    handlers_.on_done();
    close();
  }

  void refused() {
    const Failure failure = failure_of_status(*endpoint_, status_, headers_, error_body_);
    if (may_retry_status(status_, headers_, failure.kind) && retry(failure.retry_after)) return;
    end_with(failure);
  }

  void first_piece_is_late() {
    end_with(failure_of_transport(*endpoint_, base::Error{"timeout_first_byte", {}, {}}));
  }

  // Sends the request again after a while; false when it must not.
  bool retry(std::optional<base::Milliseconds> asked) {
    if (retries_ >= endpoint_->retries) return false;
    const base::Duration wait = asked ? base::Duration(*asked) : back_off(retries_, jitter());
    const base::Instant at = loop_.now() + wait;
    const base::Duration total = endpoint_->timeouts.total;
    if (wait > kRetryWaitMax) return false;
    if (total > base::Duration::zero() && at >= started_ + total) return false;
    ++retries_;
    call_.reset();
    timer_.arm(at, guarded(&Exchange::attempt));
    return true;
  }

  static double jitter() {
    constexpr std::uint64_t kSteps = 1024;
    thread_local base::Random random(base::random_seed());
    return static_cast<double>(random.below(kSteps)) / static_cast<double>(kSteps);
  }

  void end_with(const Failure& failure) {
    failing_ = true;
    const auto keep = shared_from_this();
    // The handler may find that it has all it needs, and let_finish().
    handlers_.on_failure(failure);
    report(failure);
    close();
  }

  void report(const Failure& failure) {
    if (std::exchange(told_breaker_, true) || !endpoint_->breaker) return;
    endpoint_->breaker->failed(failure, loop_.now());
  }
  void report_success() {
    if (std::exchange(told_breaker_, true) || !endpoint_->breaker) return;
    endpoint_->breaker->succeeded();
  }
  void finish_lingering() {
    closed_ = true;
    stop();
  }
  void stop() {
    timer_.disarm();
    call_.reset();
    std::string().swap(request_.body);  // an upload is large, and this may linger
  }

  net::EventLoop& loop_;
  const std::shared_ptr<const Endpoint> endpoint_;
  RemoteRequest request_;
  // Not cleared by close(): it may run inside one of them. They go with the exchange.
  const RemoteHandlers handlers_;
  net::Timer timer_;  // the wait before an attempt, then for the first piece or the error's body
  std::unique_ptr<net::HttpCall> call_;
  base::Instant started_;
  int retries_ = 0;
  int status_ = 0;  // 0: no headers yet
  net::HeaderList headers_;
  std::string error_body_;
  bool answered_ = false;
  bool failing_ = false;
  bool told_breaker_ = false;
  bool lingering_ = false;  // the owner has what it wants
  bool closed_ = false;
};

class Call final : public RemoteCall {
 public:
  explicit Call(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Call() override { exchange_->close(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  void blame(const Failure& failure) override { exchange_->blame(failure); }
  void let_finish() override { exchange_->let_finish(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<RemoteCall> RemoteCall::start(base::Executor& loop,
                                              std::shared_ptr<const Endpoint> endpoint,
                                              RemoteRequest request, RemoteHandlers handlers) {
  auto exchange = std::make_shared<Exchange>(net::event_loop_of(loop), std::move(endpoint),
                                             std::move(request), std::move(handlers));
  exchange->begin();
  return std::make_unique<Call>(std::move(exchange));
}

}  // namespace parley::providers::remote
