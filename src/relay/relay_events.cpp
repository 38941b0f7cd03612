// SPDX-License-Identifier: MIT
// RelaySession: what passes through, and what is made of it on its way.
#include <algorithm>
#include <utility>

#include "protocol/json/append_scan.h"
#include "providers/remote/breaker.h"
#include "providers/remote/error_body.h"
#include "providers/remote/remote_call.h"
#include "relay/audio_delta.h"
#include "relay/relay_session.h"
#include "relay/upstream_fault.h"

namespace parley::relay {
namespace {

using engine::Failure;
using engine::FailureKind;
using providers::remote::failure_of_error;
using providers::remote::make_failure;

// The Realtime API's limit for one append, decoded.
constexpr std::size_t kAppendBytesMax = 15U << 20U;

std::size_t decoded_bytes(std::string_view base64) { return base64.size() / 4 * 3; }

std::int64_t integer_at(const Value& object, std::string_view key) {
  const Value* found = protocol::json::find(object, key);
  const auto* number = found == nullptr ? nullptr : std::get_if<std::int64_t>(&found->data);
  return number == nullptr ? 0 : *number;
}

}  // namespace

// ---- from the client ---------------------------------------------------------------------------

void RelaySession::on_client_text(std::string_view frame) {
  if (state_ == State::closing) return;
  ++counters_.client_events;
  counters_.client_bytes += std::ssize(frame);
  if (setup_.on_frame) setup_.on_frame(true, frame);
  if (state_ != State::open) return keep(pending_, frame);
  if (told_) keep(unheard_, frame);
  if (state_ == State::open) take_client_frame(frame);
}

void RelaySession::keep(std::deque<std::string>& frames, std::string_view frame) {
  pending_bytes_ += frame.size() + sizeof(std::string);
  frames.emplace_back(frame);
  if (pending_bytes_ > setup_.pending_bytes_max) {
    detail_ = "the client sent too much before the upstream was connected";
    stop(net::CloseCode::policy_violation, "too much was sent before the session began");
  }
}

void RelaySession::take_client_frame(std::string_view frame) {
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
    history_.client_said(event);
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
  if (state_ != State::open || !upstream_) return;
  upstream_->send_text(std::move(frame));
  if (upstream_->queued_bytes() > setup_.upstream_queue_bytes_max) return on_slow_upstream();
  to_upstream_.adjust(*upstream_, client_.get());
}

void RelaySession::on_upstream_took() {
  if (state_ != State::closing && upstream_) to_upstream_.adjust(*upstream_, client_.get());
}

void RelaySession::on_slow_upstream() {
  fail(make_failure(setup_.upstream->endpoint, FailureKind::overloaded, "reads too slowly"));
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
  forget_unheard();
  take_upstream_frame(frame);
  if (begun_ && state_ == State::connecting) open();
}

void RelaySession::forget_unheard() {
  if (!std::exchange(unheard_, {}).empty()) pending_bytes_ = 0;
}

void RelaySession::take_upstream_frame(std::string_view frame) {
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
  const auto* const speaker = upstream_.get();
  bool changed = false;
  if (type.ends_with("session.created") || type.ends_with("session.updated")) {
    changed = check_session(event);
  } else if (type == "error") {
    changed = check_error(event);
  } else if (type == "response.done") {
    changed = check_response_done(event);
  }
  if (state_ == State::closing || upstream_.get() != speaker) return;  // it failed
  if (type.ends_with("session.created") && std::exchange(announced_, true)) return;
  if (translator_.same()) {
    return tell_client(event, changed ? to_text(event) : std::string(frame));
  }
  for (const Value& each : translator_.to_client(std::move(event))) {
    if (state_ != State::closing) tell_client(each, to_text(each));
  }
}

// `said` is in the client's dialect, and so is `frame`, its text.
void RelaySession::tell_client(const Value& said, std::string frame) {
  if (history_.hides(said)) return;
  history_.server_said(said);
  follow_response(said);
  blank_out(setup_.upstream->secrets, frame);
  send_client(std::move(frame));
}

// The model is called what the client calls it, and the upstream's ephemeral key stays here.
bool RelaySession::check_session(Value& event) {
  if (!begun_) {
    begun_ = true;
    if (!counters_.connect_time) counters_.connect_time = heard_ - started_;
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
    if (text_at(*response, "status") == "completed") tries_ = 0;
  }
  watch();
}

void RelaySession::send_client(std::string frame) {
  if (state_ == State::closing) return;
  ++counters_.server_events;
  counters_.server_bytes += std::ssize(frame);
  if (setup_.on_frame) setup_.on_frame(false, frame);
  client_->send_text(std::move(frame));
  if (client_->queued_bytes() > setup_.send_queue_bytes_max) return on_slow_client();
  to_client_.adjust(*client_, upstream_.get());
}

void RelaySession::on_client_took() {
  if (state_ == State::closing) return;
  // While it was held back, it could say nothing.
  if (to_client_.holding()) heard_ = client_->loop().now();
  to_client_.adjust(*client_, upstream_.get());
}

void RelaySession::on_slow_client() {
  detail_ = "the client reads too slowly";
  stop(net::CloseCode::policy_violation, "too slow: the send queue is full");
}

}  // namespace parley::relay
