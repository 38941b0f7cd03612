// SPDX-License-Identifier: MIT
#include "relay/relay_session.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "protocol/dialect/dialect.h"
#include "protocol/json/append_scan.h"
#include "providers/remote/breaker.h"
#include "providers/remote/error_body.h"
#include "providers/remote/remote_call.h"
#include "relay/audio_delta.h"

namespace parley::relay {
namespace {

using engine::Failure;
using engine::FailureKind;
using providers::remote::failure_of_error;
using providers::remote::failure_of_transport;
using providers::remote::make_failure;

// The Realtime API's limit for one append, decoded.
constexpr std::size_t kAppendBytesMax = 15U << 20U;
// Pages on realtime upstreams ask for room for bursts of audio; more than that is a fault.
constexpr std::size_t kUpstreamMessageBytesMax = 16U << 20U;

std::size_t decoded_bytes(std::string_view base64) { return base64.size() / 4 * 3; }

std::int64_t integer_at(const Value& object, std::string_view key) {
  const Value* found = protocol::json::find(object, key);
  const auto* number = found == nullptr ? nullptr : std::get_if<std::int64_t>(&found->data);
  return number == nullptr ? 0 : *number;
}

providers::remote::ErrorBody error_body(const Value& error) {
  return {std::string(text_at(error, "message")), std::string(text_at(error, "code")),
          std::string(text_at(error, "type"))};
}

// Codes after which an upstream holds no session: about our account, our model, our dialect. The
// client can mend none of them.
bool ends_session(std::string_view code) {
  constexpr std::string_view kCodes[] = {
      "invalid_api_key", "insufficient_quota", "account_deactivated", "billing_hard_limit_reached",
      "missing_model",   "invalid_model",      "model_not_found",     "beta_api_shape_disabled"};
  return std::ranges::find(kCodes, code) != std::end(kCodes);
}

FailureKind kind_of_close(int code) {
  switch (code) {
    case 1012:  // service restart
    case 1013:  // try again later
      return FailureKind::overloaded;
    case 3000:
      return FailureKind::auth;
    case 1002:
    case 1003:
    case 1007:
    case 1009:
      return FailureKind::protocol;
    case 4000:
      return FailureKind::invalid_request;
    default:
      return FailureKind::unavailable;
  }
}

bool may_pass(FailureKind kind) {
  return kind == FailureKind::rate_limited || kind == FailureKind::overloaded ||
         kind == FailureKind::unavailable || kind == FailureKind::timeout;
}

// Keys are plain text, so that they look the same inside JSON.
void blank_out(const std::vector<std::string>& secrets, std::string& frame) {
  constexpr std::string_view kBlank = "***";
  for (const std::string& secret : secrets) {
    for (std::size_t at = frame.find(secret); at != std::string::npos;
         at = frame.find(secret, at + kBlank.size())) {
      frame.replace(at, secret.size(), kBlank);
    }
  }
}

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
      .on_closed = [session](int, std::string_view) { session->on_client_closed(); },
  });
  session->connect();
  return session;
}

RelaySession::RelaySession(std::shared_ptr<net::WebSocket> client, RelaySetup setup)
    : client_(std::move(client)),
      setup_(std::move(setup)),
      translator_(setup_.client, setup_.upstream->dialect),
      random_(base::random_seed()),
      expiry_(client_->loop()),
      silence_(client_->loop()) {}

RelaySession::~RelaySession() = default;

// ---- the upstream's connection -----------------------------------------------------------------

void RelaySession::connect() {
  const auto self = shared_from_this();
  started_ = client_->loop().now();
  expiry_.arm(started_ + setup_.duration_max, [weak = weak_from_this()] {
    if (const auto here = weak.lock()) here->expire();
  });
  const auto& endpoint = setup_.upstream->endpoint;
  if (endpoint.breaker->refused(started_)) {
    client_->loop().post(
        [self] { self->fail(self->setup_.upstream->endpoint.breaker->last_failure()); });
    return;
  }
  net::WebSocketClientOptions options;
  options.url = setup_.kind == SessionKind::realtime ? setup_.upstream->url
                                                     : setup_.upstream->transcription_url;
  options.headers = setup_.upstream->headers;
  options.tls = endpoint.tls;
  options.timeout = endpoint.timeouts.connect;
  options.message_bytes_max = kUpstreamMessageBytesMax;
  net::connect_websocket(client_->loop(), std::move(options),
                         [self](auto result) { self->on_connected(std::move(result)); });
}

void RelaySession::on_connected(base::Result<std::shared_ptr<net::WebSocket>> result) {
  if (!result) {
    if (state_ == State::closing) return;
    const Failure failure = failure_of_transport(setup_.upstream->endpoint, result.error());
    setup_.upstream->endpoint.breaker->failed(failure, client_->loop().now());
    return fail(failure);
  }
  upstream_ = std::move(*result);
  const auto self = shared_from_this();
  upstream_->start({
      .on_text = [self](std::string_view frame) { self->on_upstream_text(frame); },
      .on_binary = [self](std::string_view) { self->on_upstream_text({}); },
      .on_closed = [self](int code,
                          std::string_view reason) { self->on_upstream_closed(code, reason); },
  });
  if (state_ == State::closing) return upstream_->close(net::CloseCode::normal, "");
  state_ = State::open;
  for (std::string& frame : std::exchange(pending_, {})) {
    if (state_ == State::open) send_upstream(std::move(frame));
  }
  pending_bytes_ = 0;
  heard_ = client_->loop().now();
  watch();
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

// ---- from the client ---------------------------------------------------------------------------

void RelaySession::on_client_text(std::string_view frame) {
  if (state_ == State::closing) return;
  ++counters_.client_events;
  counters_.client_bytes += std::ssize(frame);
  if (setup_.on_frame) setup_.on_frame(true, frame);
  if (const auto append = protocol::json::scan_append(frame)) {
    if (decoded_bytes(append->audio_base64) <= kAppendBytesMax + 2) {
      counters_.input_audio_bytes += static_cast<std::int64_t>(decoded_bytes(append->audio_base64));
      return send_upstream(std::string(frame));
    }
  }
  auto event = protocol::json::parse(frame);
  if (!event) {
    return reject({"invalid_json", "Invalid event: failed to parse JSON value. ", {}}, {});
  }
  if (text_at(*event, "type").empty()) {
    return reject({"invalid_event", "The 'type' field is missing.", {}},
                  std::string(text_at(*event, "event_id")));
  }
  on_client_event(std::move(*event), frame);
}

void RelaySession::on_client_event(Value event, std::string_view frame) {
  const std::string type(text_at(event, "type"));
  bool changed = false;
  if (type == "input_audio_buffer.append") {
    const std::size_t bytes = decoded_bytes(text_at(event, "audio"));
    if (bytes > kAppendBytesMax + 2) {
      return reject({"string_above_max_length",
                     "Invalid 'audio': at most 15 MiB of audio can be appended at once.", "audio"},
                    std::string(text_at(event, "event_id")));
    }
    counters_.input_audio_bytes += static_cast<std::int64_t>(bytes);
  } else if (type == "session.update") {
    // SDKs repeat the model's name, which is ours and not the upstream's; it cannot be changed.
    Value* session = member(event, "session");
    changed = session != nullptr && take(*session, "model").has_value();
  } else if (type == "response.create") {
    asked_ = true;
    heard_ = client_->loop().now();
  }
  if (translator_.same() && !changed) {
    send_upstream(std::string(frame));
  } else {
    send_upstream(to_text(translator_.to_upstream(std::move(event))));
  }
  if (type == "response.create") watch();
}

void RelaySession::send_upstream(std::string frame) {
  if (state_ == State::closing) return;
  if (state_ == State::connecting) {
    pending_bytes_ += frame.size() + sizeof(frame);
    pending_.push_back(std::move(frame));
    if (pending_bytes_ > setup_.pending_bytes_max) {
      detail_ = "the client sent too much before the upstream was connected";
      stop(net::CloseCode::policy_violation, "too much was sent before the session began");
    }
    return;
  }
  if (!upstream_) return;
  upstream_->send_text(std::move(frame));
  if (upstream_->queued_bytes() > setup_.upstream_queue_bytes_max) {
    fail(make_failure(setup_.upstream->endpoint, FailureKind::overloaded, "reads too slowly"));
  }
}

void RelaySession::reject(base::Error fault, std::string client_event_id) {
  if (state_ == State::closing) return;
  say_error("invalid_request_error", std::move(fault), std::move(client_event_id));
}

void RelaySession::on_client_closed() {
  stop(net::CloseCode::normal, "");
  if (setup_.on_closed) std::exchange(setup_.on_closed, nullptr)(detail_, counters_);
}

// ---- from the upstream -------------------------------------------------------------------------

void RelaySession::on_upstream_text(std::string_view frame) {
  if (state_ == State::closing) return;
  heard_ = client_->loop().now();
  told_ = false;
  if (const auto audio = scan_audio_delta(frame)) {
    return on_audio(audio->type, audio->audio_base64, frame);
  }
  auto event = protocol::json::parse(frame);
  if (!event || text_at(*event, "type").empty()) {
    const Failure failure = make_failure(setup_.upstream->endpoint, FailureKind::protocol,
                                         "sent something that is no event");
    setup_.upstream->endpoint.breaker->failed(failure, heard_);
    return fail(failure);
  }
  on_upstream_event(std::move(*event), frame);
}

// The dialects' audio deltas differ in their type's name only.
void RelaySession::on_audio(std::string_view type, std::string_view base64,
                            std::string_view frame) {
  counters_.output_audio_bytes += static_cast<std::int64_t>(decoded_bytes(base64));
  const std::string_view name = server_type_in(setup_.client, type);
  std::string said;
  said.reserve(frame.size() + name.size());
  const auto before = static_cast<std::size_t>(type.data() - frame.data());
  said.append(frame.substr(0, before)).append(name).append(frame.substr(before + type.size()));
  send_client(std::move(said));
}

void RelaySession::on_upstream_event(Value event, std::string_view frame) {
  const std::string type(text_at(event, "type"));
  bool changed = false;
  if (type.ends_with("session.created") || type.ends_with("session.updated")) {
    changed = check_session(event);
  } else if (type == "error") {
    changed = check_error(event);
  } else if (type == "response.done") {
    changed = check_response_done(event);
  }
  if (state_ == State::closing) return;
  if (translator_.same()) {
    follow_response(event);
    std::string said = changed ? to_text(event) : std::string(frame);
    blank_out(setup_.upstream->secrets, said);
    return send_client(std::move(said));
  }
  for (const Value& each : translator_.to_client(std::move(event))) {
    if (state_ == State::closing) return;
    follow_response(each);
    std::string said = to_text(each);
    blank_out(setup_.upstream->secrets, said);
    send_client(std::move(said));
  }
}

// The model is called what the client calls it, and the upstream's ephemeral key stays here.
bool RelaySession::check_session(Value& event) {
  if (!begun_) {
    begun_ = true;
    counters_.connect_time = heard_ - started_;
    setup_.upstream->endpoint.breaker->succeeded();
    watch();
  }
  Value* session = member(event, "session");
  if (session == nullptr) return false;
  bool changed = false;
  Value* model = member(*session, "model");
  if (model != nullptr && !setup_.model.empty()) {
    *model = text_value(setup_.model);
    changed = true;
  }
  if (Value* secret = member(*session, "client_secret")) {
    *secret = Value{};
    changed = true;
  }
  return changed;
}

// An error of the upstream's own names the engine; one of the client's passes as it is.
bool RelaySession::check_error(Value& event) {
  ++counters_.errors;
  asked_ = false;
  watch();
  Value* error = member(event, "error");
  if (error == nullptr) return false;
  const std::string_view code = text_at(*error, "code");
  if (code == "session_expired") expired_ = true;
  if (ends_session(code)) {
    const Failure failure =
        failure_of_error(setup_.upstream->endpoint, error_body(*error), FailureKind::not_found);
    setup_.upstream->endpoint.breaker->failed(failure, heard_);
    fail(failure);
    return false;
  }
  if (text_at(*error, "type") != "server_error") return false;
  told_ = true;
  const Failure failure =
      failure_of_error(setup_.upstream->endpoint, error_body(*error), FailureKind::unavailable);
  set(*error, "code", text_value(failure.code));
  set(*error, "message", text_value(failure.message));
  return true;
}

// A reason names the engine, as those of our own engines do; what it is billed is counted.
bool RelaySession::check_response_done(Value& event) {
  Value* response = member(event, "response");
  if (response == nullptr) return false;
  if (const Value* usage = member(*response, "usage")) {
    counters_.input_tokens += integer_at(*usage, "input_tokens");
    counters_.output_tokens += integer_at(*usage, "output_tokens");
  }
  if (text_at(*response, "status") != "failed") return false;
  ++counters_.responses_failed;
  Value* details = member(*response, "status_details");
  Value* error = details == nullptr ? nullptr : member(*details, "error");
  if (error == nullptr) return false;
  const Failure failure =
      failure_of_error(setup_.upstream->endpoint, error_body(*error), FailureKind::unavailable);
  set(*error, "code", text_value(failure.code));
  set(*error, "message", text_value(failure.message));
  return true;
}

// `said` is in the client's dialect: what is open is ended in it.
void RelaySession::follow_response(const Value& said) {
  const std::string_view type = text_at(said, "type");
  if (type != "response.created" && type != "response.done") return;
  const Value* response = protocol::json::find(said, "response");
  if (response == nullptr) return;
  asked_ = false;
  if (type == "response.created") {
    ++counters_.responses;
    responses_.begin(*response);
  } else {
    responses_.end(text_at(*response, "id"));
  }
  watch();
}

void RelaySession::send_client(std::string frame) {
  if (state_ == State::closing) return;
  ++counters_.server_events;
  counters_.server_bytes += std::ssize(frame);
  if (setup_.on_frame) setup_.on_frame(false, frame);
  client_->send_text(std::move(frame));
  if (client_->queued_bytes() > setup_.send_queue_bytes_max) {
    detail_ = "the client reads too slowly";
    stop(net::CloseCode::policy_violation, "too slow: the send queue is full");
  }
}

// ---- the end -----------------------------------------------------------------------------------

// Arms the timer while the upstream owes us something, and lets it be while it does not.
void RelaySession::watch() {
  if (state_ != State::open) return;
  if (begun_ && !asked_ && responses_.empty()) return silence_.disarm();
  const auto& timeouts = setup_.upstream->endpoint.timeouts;
  silence_.arm(heard_ + (begun_ ? timeouts.idle : timeouts.first_byte), [weak = weak_from_this()] {
    const auto here = weak.lock();
    if (!here || here->state_ != State::open) return;
    const auto& endpoint = here->setup_.upstream->endpoint;
    const base::Duration limit =
        here->begun_ ? endpoint.timeouts.idle : endpoint.timeouts.first_byte;
    const base::Instant now = here->client_->loop().now();
    if (now - here->heard_ < limit) return here->watch();  // it spoke since
    const Failure failure = make_failure(endpoint, FailureKind::timeout,
                                         here->begun_ ? "fell silent in the middle of its answer"
                                                      : "took too long to begin the session");
    endpoint.breaker->failed(failure, now);
    here->fail(failure);
  });
}

void RelaySession::fail(const Failure& failure) {
  if (state_ == State::closing) return;
  detail_ = failure.message;
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
  // One that was never begun is worth another try, and so is one that is only busy.
  const bool again = failure.kind == FailureKind::rate_limited ||
                     failure.kind == FailureKind::overloaded || (!begun_ && may_pass(failure.kind));
  stop(again ? net::CloseCode::try_again_later : net::CloseCode::internal_error,
       "the engine behind this model failed");
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
  silence_.disarm();
  pending_.clear();
  client_->close(code, std::move(reason));
  if (upstream_) upstream_->close(net::CloseCode::normal, "");
}

}  // namespace parley::relay
