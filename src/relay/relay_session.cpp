// SPDX-License-Identifier: MIT
#include "relay/relay_session.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "protocol/dialect/dialect.h"
#include "providers/remote/breaker.h"
#include "providers/remote/remote_call.h"
#include "providers/remote/retry.h"
#include "relay/upstream_fault.h"

namespace parley::relay {
namespace {

using engine::Failure;
using engine::FailureKind;
using providers::remote::back_off;
using providers::remote::failure_of_breaker;
using providers::remote::failure_of_connect;
using providers::remote::kRetryWaitMax;
using providers::remote::make_failure;

// Pages on realtime upstreams ask for room for bursts of audio; more than that is a fault.
constexpr std::size_t kUpstreamMessageBytesMax = 16U << 20U;
// A session that had begun waits 15 s and the time of so many attempts for its upstream to return.
constexpr int kResumeTries = 5;
// An upstream that held the session so long, or completed a response, has earned as many anew.
constexpr base::Duration kSettledTime = std::chrono::seconds(10);
constexpr double kNoJitter = 1;

}  // namespace

std::shared_ptr<RelaySession> RelaySession::start(std::shared_ptr<net::WebSocket> client,
                                                  RelaySetup setup) {
  PARLEY_ASSERT(setup.upstream != nullptr);
  std::shared_ptr<RelaySession> session(new RelaySession(std::move(client), std::move(setup)));
  // The socket's handlers own the session, and the socket is kept by net/ until it is closed.
  session->client_->start({
      .on_text = [session](std::string_view frame) { session->on_client_text(frame); },
      .on_binary =
          [session](std::string_view) {
            session->reject({"invalid_event",
                             "Expected a text WebSocket message; binary frames are not supported.",
                             {}},
                            {});
          },
      .on_sent = [session] { session->on_client_took(); },
      .on_closed = [session](int, std::string_view) { session->on_client_closed(); },
  });
  session->started_ = session->client_->loop().now();
  session->expiry_.arm(session->started_ + session->setup_.duration_max,
                       [weak = session->weak_from_this()] {
                         if (const auto here = weak.lock()) here->expire();
                       });
  session->connect();
  return session;
}

RelaySession::RelaySession(std::shared_ptr<net::WebSocket> client, RelaySetup setup)
    : client_(std::move(client)),
      setup_(std::move(setup)),
      translator_(setup_.client, setup_.upstream->dialect),
      history_(setup_.client),
      random_(base::random_seed()),
      expiry_(client_->loop()),
      silence_(client_->loop()),
      retry_(client_->loop()),
      to_client_(client_->loop(), {setup_.send_queue_bytes_max, setup_.slow_reader_time},
                 [this] { on_slow_client(); }),
      to_upstream_(client_->loop(), {setup_.upstream_queue_bytes_max, setup_.slow_reader_time},
                   [this] { on_slow_upstream(); }) {}

RelaySession::~RelaySession() = default;

// ---- the upstream's connection -----------------------------------------------------------------

void RelaySession::connect() {
  const auto self = shared_from_this();
  const auto& endpoint = setup_.upstream->endpoint;
  if (const auto wait = endpoint.breaker->refused(client_->loop().now())) {
    client_->loop().post(
        [self, failure = failure_of_breaker(endpoint, *wait)] { self->fail(failure); });
    return;
  }
  net::WebSocketClientOptions options;
  options.url = setup_.kind == SessionKind::realtime ? setup_.upstream->url
                                                     : setup_.upstream->transcription_url;
  options.headers = setup_.upstream->headers;
  options.tls = endpoint.tls;
  options.timeout = endpoint.timeouts.connect;
  options.message_bytes_max = kUpstreamMessageBytesMax;
  attempt_ = net::connect_websocket(client_->loop(), std::move(options),
                                    [self](auto result) { self->on_connected(std::move(result)); });
}

void RelaySession::on_connected(Connected result) {
  if (!result) {
    const Failure failure = failure_of_connect(setup_.upstream->endpoint, result.error());
    setup_.upstream->endpoint.breaker->failed(failure, client_->loop().now());
    return fail(failure);
  }
  upstream_ = std::move(*result);
  const auto self = shared_from_this();
  upstream_->start({
      .on_text = [self](std::string_view frame) { self->on_upstream_text(frame); },
      .on_binary = [self](std::string_view) { self->on_upstream_text({}); },
      .on_sent = [self] { self->on_upstream_took(); },
      .on_closed =
          [self, socket = upstream_.get()](int code, std::string_view reason) {
            if (self->upstream_.get() == socket) self->on_upstream_closed(code, reason);
          },
  });
  heard_ = client_->loop().now();
  watch();
}

// The upstream holds a session: what was said in it before is told again, then what the client has
// said meanwhile.
void RelaySession::open() {
  state_ = State::open;
  open_since_ = client_->loop().now();
  auto told_again = history_.replay();
  if (const auto settings = protocol::json::parse(setup_.settings)) {
    Value update = object_value();
    set(update, "type", text_value("session.update"));
    set(update, "event_id", text_value("relay_settings"));
    set(update, "session", *settings);
    const Translator from_ga(Flavour::ga, setup_.upstream->dialect);
    history_.hide_update();
    send_upstream(to_text(from_ga.same() ? update : from_ga.to_upstream(std::move(update))));
  }
  for (Value& event : told_again) {
    if (state_ != State::open) return;
    send_upstream(to_text(translator_.same() ? event : translator_.to_upstream(std::move(event))));
  }
  for (const std::string& frame : std::exchange(pending_, {})) {
    if (state_ == State::open) take_client_frame(frame);
  }
  pending_bytes_ = 0;
}

void RelaySession::on_upstream_closed(int code, std::string_view reason) {
  upstream_.reset();
  if (state_ == State::closing) return;
  if (expired_) return stop(net::CloseCode::going_away, "the session's time is over");
  std::string what = "ended the session (" + std::to_string(code);
  if (!reason.empty()) what.append(": ").append(reason);
  const Failure failure = make_failure(setup_.upstream->endpoint, kind_of_close(code), what + ")");
  setup_.upstream->endpoint.breaker->failed(failure, client_->loop().now());
  fail(failure);
}

// ---- the end -----------------------------------------------------------------------------------

// Arms the timer while the upstream owes us something, and lets it be while it does not.
void RelaySession::watch() {
  if (state_ == State::closing || !upstream_) return;
  if (begun_ && !asked_ && responses_.empty()) return silence_.disarm();
  const auto& timeouts = setup_.upstream->endpoint.timeouts;
  silence_.arm(heard_ + (begun_ ? timeouts.idle : timeouts.first_byte), [weak = weak_from_this()] {
    const auto here = weak.lock();
    if (!here || here->state_ == State::closing) return;
    const auto& endpoint = here->setup_.upstream->endpoint;
    const base::Duration limit =
        here->begun_ ? endpoint.timeouts.idle : endpoint.timeouts.first_byte;
    const base::Instant now = here->client_->loop().now();
    if (here->to_client_.holding()) here->heard_ = now;
    if (now - here->heard_ < limit) return here->watch();  // it spoke since
    const Failure failure = make_failure(endpoint, FailureKind::timeout,
                                         here->begun_ ? "fell silent in the middle of its answer"
                                                      : "took too long to begin the session");
    endpoint.breaker->failed(failure, now);
    here->fail(failure);
  });
}

void RelaySession::fail(const Failure& failure) {
  if (state_ == State::closing || go_on_after(failure)) return;
  detail_ = failure.message;
  tell(failure);
  // One that was never begun is worth another try, and so is one that is only busy.
  const bool again = failure.kind == FailureKind::rate_limited ||
                     failure.kind == FailureKind::overloaded || (!begun_ && may_pass(failure.kind));
  stop(again ? net::CloseCode::try_again_later : net::CloseCode::internal_error,
       "the engine behind this model failed");
}

// The client learns of the failure, and that nothing more will come of what was under way.
void RelaySession::tell(const Failure& failure) {
  // Once is enough: an upstream that fails often says so before it goes.
  if (!told_) say_error("server_error", {failure.code, failure.message, {}}, {});
  for (Value& response : responses_.fail_all(failure)) {
    ++counters_.responses_failed;
    Value done = object_value();
    set(done, "type", text_value("response.done"));
    set(done, "event_id", text_value(event_id()));
    set(done, "response", std::move(response));
    send_client(to_text(done));
  }
}

// A session that had begun gets a new connection upstream; after one that could not be made comes
// another try, then the next upstream.
bool RelaySession::go_on_after(const Failure& failure) {
  const auto& endpoint = setup_.upstream->endpoint;
  if (begun_) {
    const bool may_help = may_pass(failure.kind) || failure.kind == FailureKind::protocol;
    if (client_->loop().now() - open_since_ > kSettledTime) tries_ = 0;
    if (!may_help || tries_ >= kResumeTries) return false;
    tell(failure);
    if (state_ == State::closing) return true;
    state_ = State::connecting;
    begun_ = asked_ = told_ = false;
    pending_ = std::exchange(unheard_, {});
    connect_in(tries_ == 0 ? base::Duration::zero() : back_off(tries_ - 1, kNoJitter));
    return true;
  }
  // Who has waited for a deadline has waited long enough, unless there is something to lose.
  const bool may_help =
      may_pass(failure.kind) && (announced_ || failure.kind != FailureKind::timeout);
  const base::Duration wait = failure.retry_after.value_or(back_off(tries_, kNoJitter));
  if (!may_help || told_ || tries_ >= (announced_ ? kResumeTries : endpoint.retries) ||
      wait > kRetryWaitMax) {
    return fall_back(failure);
  }
  connect_in(wait);
  return true;
}

void RelaySession::connect_in(base::Duration wait) {
  ++tries_;
  leave_upstream();
  retry_.arm(client_->loop().now() + wait, [weak = weak_from_this()] {
    const auto here = weak.lock();
    if (here && here->state_ == State::connecting) here->connect();
  });
}

bool RelaySession::fall_back(const Failure& failure) {
  const bool ours = failure.kind == FailureKind::invalid_request;
  if (told_ || ours || setup_.fallback.empty()) return false;
  leave_upstream();
  tries_ = 0;
  setup_.upstream = std::move(setup_.fallback.front());
  setup_.fallback.erase(setup_.fallback.begin());
  translator_ = Translator(setup_.client, setup_.upstream->dialect);
  connect();
  return true;
}

void RelaySession::expire() {
  if (state_ == State::closing) return;
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(setup_.duration_max).count();
  const std::string text = "Your session hit the maximum duration of " + std::to_string(minutes) +
                           (minutes == 1 ? " minute." : " minutes.");
  say_error("invalid_request_error", {"session_expired", text, {}}, {});
  stop(net::CloseCode::going_away, text);
}

void RelaySession::say_error(std::string type, base::Error error, std::string client_event_id) {
  ++counters_.errors;
  protocol::ErrorEvent body;
  body.type = std::move(type);
  body.code = std::move(error.code);
  body.message = std::move(error.message);
  if (!error.param.empty()) body.param = std::move(error.param);
  if (!client_event_id.empty()) body.event_id = std::move(client_event_id);
  std::string frame;
  // Errors are the same in both dialects.
  if (protocol::make_openai_ga()->write({event_id(), std::move(body)}, frame)) {
    send_client(std::move(frame));
  }
}

std::string RelaySession::event_id() {
  std::string id = "event_";
  random_.append_base62(id, 21);
  return id;
}

void RelaySession::close(net::CloseCode code, std::string reason) { stop(code, std::move(reason)); }

void RelaySession::stop(net::CloseCode code, std::string reason) {
  if (std::exchange(state_, State::closing) == State::closing) return;
  expiry_.disarm();
  pending_.clear();
  client_->close(code, std::move(reason));
  leave_upstream();
}

void RelaySession::leave_upstream() {
  silence_.disarm();
  retry_.disarm();
  to_client_.stop();
  to_upstream_.stop();
  if (const auto attempt = attempt_.lock()) attempt->cancel();
  if (const auto socket = std::exchange(upstream_, nullptr)) {
    socket->close(net::CloseCode::normal, "");
  }
}

}  // namespace parley::relay
