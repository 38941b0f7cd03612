// SPDX-License-Identifier: MIT
#include "session/session.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "session/session_impl.h"

namespace parley::session {

namespace {

// Calls the overload for each alternative of a variant.
template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

Session::Session(Options options, base::Instant now)
    : impl_(std::make_unique<Impl>(std::move(options), now)) {}

Session::~Session() = default;

void Session::handle(Input input, base::Instant now) {
  auto& context = impl_->context;
  PARLEY_ASSERT(context.out.empty());  // one input, then drain
  PARLEY_ASSERT(now >= context.now);
  context.out.begin_input();
  context.now = now;
  impl_->handle(std::move(input));
}

std::optional<Output> Session::poll() { return impl_->context.out.take(); }
std::optional<base::Instant> Session::deadline() const { return impl_->deadline(); }
const protocol::SessionConfig& Session::config() const { return impl_->context.config; }
const std::string& Session::id() const { return impl_->context.session_id; }

Session::Impl::Impl(Options options, base::Instant now)
    : context(std::move(options)),
      started_(now),
      transcriber_(context),
      mcp_(context),
      turn_(context, transcriber_, *this) {
  context.began = context.now = now;
  context.out.send(protocol::SessionCreated{info(), context.config});
  mcp_.define(context.config.tools);  // a client secret may bind some
}

protocol::SessionInfo Session::Impl::info() const {
  const auto lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(context.options.duration_max);
  return {context.session_id, {context.options.started_at.unix_seconds + lifetime.count()}};
}

void Session::Impl::handle(Input&& input) {
  if (closed_) return;
  std::visit(
      Overloaded{
          [this](protocol::ClientEvent& event) {
            const std::string& id = event.event_id;
            std::visit(Overloaded{
                           // The transport decodes appends and hands them over as AudioAppended.
                           [](const protocol::InputAudioBufferAppend&) { PARLEY_ASSERT(false); },
                           [&](const protocol::OutputAudioBufferClear&) {
                             context.out.send_error(
                                 "invalid_value",
                                 "'output_audio_buffer.clear' is for WebRTC and SIP sessions only.",
                                 "type", id);
                           },
                           [&](const auto& body) { on(body, id); },
                       },
                       event.body);
          },
          [this](const AudioAppended& append) { turn_.append(append.audio, append.event_id); },
          [this](BadFrame& bad) { context.out.send(std::move(bad.error)); },
          [this](SttInput& stt) { on_stt(stt.job, std::move(stt.event)); },
          [this](LlmInput& llm) {
            if (auto* response = find_response(llm.job)) {
              response->handle(llm.job, std::move(llm.event));
            }
          },
          [this](TtsInput& tts) {
            if (auto* response = find_response(tts.job)) {
              response->handle(tts.job, std::move(tts.event));
            }
          },
          [this](McpInput& mcp) {
            if (mcp_.handle(mcp.job, std::move(mcp.event))) advance_responses();
          },
          [](const TimePassed&) {},
      },
      input);
  forget_finished();
  check_clock();
  if (!closed_) forget_oldest_items();
  start_owed();
}

// ---- the session's own event
// ---------------------------------------------------------------------

void Session::Impl::on(const protocol::SessionUpdate& event, const std::string& event_id) {
  const auto& patch = event.session;
  auto& config = context.config;
  if (patch.type != config.type) {
    context.out.send_error("invalid_value",
                           config.type == protocol::SessionType::realtime
                               ? "Passing a transcription session update to a realtime session is "
                                 "not allowed."
                               : "Passing a realtime session update to a transcription session is "
                                 "not allowed.",
                           "session.type", event_id);
    return;
  }
  if (patch.model && *patch.model != config.model && context.options.model_settled) {
    context.out.send_error("invalid_value",
                           "Cannot update a session's model: it is '" + config.model +
                               "' from the beginning to the end of the session.",
                           "session.model", event_id);
    return;
  }
  if (patch.voice && *patch.voice != config.voice && context.assistant_audio_sent &&
      !context.options.voice_changes) {
    context.out.send_error("cannot_update_voice",
                           "Cannot update a conversation's voice if assistant audio is present.",
                           {}, event_id);
    return;
  }
  if (!accept_tools(patch.tools, "session.tools", event_id)) return;
  const protocol::SessionConfig before = config;
  protocol::apply(patch, config);
  turn_.reconfigure(before);
  rearm_idle_timeout();
  context.out.send(protocol::SessionUpdated{info(), config});
  if (patch.tools) mcp_.define(*patch.tools);
}

void Session::Impl::on(const protocol::InputAudioBufferCommit&, const std::string& event_id) {
  const bool in_turn = turn_.speaking();
  if (turn_.commit(event_id)) answer_commit(in_turn);
}

void Session::Impl::on(const protocol::InputAudioBufferClear&, const std::string&) {
  turn_.clear();
}

// ---- engines
// -------------------------------------------------------------------------------------

void Session::Impl::on_stt(JobId job, engine::SttEvent event) {
  if (transcriber_.handle(job, std::move(event))) advance_responses();
}

// ---- time
// ----------------------------------------------------------------------------------------

std::optional<base::Instant> Session::Impl::deadline() const {
  if (closed_) return std::nullopt;
  base::Instant earliest = started_ + context.options.duration_max;
  const auto consider = [&earliest](const std::optional<base::Instant>& at) {
    if (at) earliest = std::min(earliest, *at);
  };
  if (response_) consider(response_->deadline());
  for (const auto& response : detached_) consider(response->deadline());
  if (idle_since_) {
    const auto& detection = context.config.turn_detection;
    consider(*idle_since_ + base::Milliseconds(*detection->idle_timeout_ms));
  }
  return earliest;
}

void Session::Impl::check_clock() {
  if (context.now >= started_ + context.options.duration_max) {
    const auto minutes =
        std::chrono::duration_cast<std::chrono::minutes>(context.options.duration_max).count();
    const std::string message =
        "Your session hit the maximum duration of " + std::to_string(minutes) + " minutes.";
    // What is being answered ends before the session does.
    const engine::Failure end{"session_expired", message};
    if (response_ && !response_->over()) response_->fail(end);
    for (const auto& response : detached_) {
      if (!response->over()) response->fail(end);
    }
    context.out.send_error("session_expired", message, {}, {});
    context.out.command(Close{1001, message});
    closed_ = true;
    return;
  }
  advance_responses();
  if (!idle_since_ || turn_.speaking()) return;
  const auto& detection = context.config.turn_detection;
  if (context.now < *idle_since_ + base::Milliseconds(*detection->idle_timeout_ms)) return;
  idle_since_.reset();
  turn_.commit_silence(idle_from_);
  create_response({});
  forget_finished();
}

// Armed when nothing is going on: the last answer was played (or is about to have been), nobody
// speaks, and the session asks for it.
void Session::Impl::rearm_idle_timeout() {
  const auto& detection = context.config.turn_detection;
  if (!detection || !detection->idle_timeout_ms || response_ || turn_.speaking()) {
    idle_since_.reset();
  }
}

}  // namespace parley::session
