// SPDX-License-Identifier: MIT
#include "driver/session_driver.h"

#include <utility>

#include "base/assert.h"

namespace parley::driver {

namespace {

constexpr int kCloseInternalError = 1011;

// Engine events end a job by themselves when they are its last.
bool is_last(const engine::SttEvent& event) {
  return !std::holds_alternative<engine::SttPartial>(event);
}
bool is_last(const engine::LlmEvent& event) {
  return std::holds_alternative<engine::LlmDone>(event) ||
         std::holds_alternative<engine::Failure>(event);
}
bool is_last(const engine::McpEvent&) { return true; }
bool is_last(const engine::TtsEvent& event) {
  return std::holds_alternative<engine::TtsDone>(event) ||
         std::holds_alternative<engine::Failure>(event);
}

}  // namespace

SessionDriver::SessionDriver(net::EventLoop& loop, session::Options options,
                             engine::EngineSet engines, SessionClient& client)
    : loop_(loop),
      engines_(engines),
      client_(client),
      session_(options, loop.now()),
      timer_(loop),
      metrics_(options.metrics) {
  PARLEY_ASSERT(engines.stt != nullptr && engines.llm != nullptr && engines.tts != nullptr);
}

SessionDriver::~SessionDriver() = default;

void SessionDriver::start() {
  engines_.stt->warm(loop_);
  guarded([this] {
    drain();
    rearm();
  });
}

void SessionDriver::handle(session::Input input) {
  if (ended_) return;
  guarded([this, &input] {
    PARLEY_ASSERT(!draining_);
    input_at_ = loop_.now();
    session_.handle(std::move(input), input_at_);
    drain();
    rearm();
    if (metrics_) busy_ += loop_.now() - input_at_;
  });
}

// The one place that catches a broken invariant: it ends this session, which shares nothing.
template <class Step>
void SessionDriver::guarded(Step step) {
  try {
    step();
  } catch (const base::InvariantBroken& broken) {
    end(kCloseInternalError, "server_error", broken.what());
  }
}

void SessionDriver::end(int code, std::string reason, std::string_view detail) {
  if (std::exchange(ended_, true)) return;
  timer_.disarm();
  stt_jobs_.clear();
  llm_jobs_.clear();
  tts_jobs_.clear();
  client_.on_end(code, std::move(reason), detail);
}

void SessionDriver::drain() {
  draining_ = true;
  while (!ended_) {
    auto output = session_.poll();
    if (!output) break;
    carry_out(*output);
  }
  draining_ = false;
}

void SessionDriver::carry_out(session::Output& output) {
  if (auto* event = std::get_if<protocol::ServerEvent>(&output)) {
    if (metrics_) add_overhead(*event);
    client_.on_event(*event);
  } else if (auto* audio = std::get_if<session::SttAudio>(&output)) {
    const auto job = stt_jobs_.find(audio->job);
    if (job != stt_jobs_.end()) job->second->push(audio->samples);
  } else if (auto* stt = std::get_if<session::SttStart>(&output)) {
    // Somebody speaks: what will answer is needed soon.
    engines_.llm->warm(loop_);
    engines_.tts->warm(loop_);
    stt_jobs_.emplace(stt->job, engines_.stt->start(std::move(stt->request), loop_,
                                                    sink<engine::SttEvent, session::SttInput>(
                                                        stt->job, stt_jobs_)));
  } else if (const auto* pause = std::get_if<session::SttPause>(&output)) {
    const auto job = stt_jobs_.find(pause->job);
    if (job != stt_jobs_.end()) job->second->pause();
  } else if (const auto* resume = std::get_if<session::SttResume>(&output)) {
    const auto job = stt_jobs_.find(resume->job);
    if (job != stt_jobs_.end()) job->second->resume();
  } else if (const auto* finish = std::get_if<session::SttFinish>(&output)) {
    const auto job = stt_jobs_.find(finish->job);
    if (job != stt_jobs_.end()) job->second->finish();
  } else if (auto* llm = std::get_if<session::LlmStart>(&output)) {
    llm_jobs_.emplace(llm->job, engines_.llm->start(std::move(llm->request), loop_,
                                                    sink<engine::LlmEvent, session::LlmInput>(
                                                        llm->job, llm_jobs_)));
  } else if (auto* tts = std::get_if<session::TtsStart>(&output)) {
    tts_jobs_.emplace(tts->job, engines_.tts->start(std::move(tts->request), loop_,
                                                    sink<engine::TtsEvent, session::TtsInput>(
                                                        tts->job, tts_jobs_)));
  } else if (auto* mcp = std::get_if<session::McpStart>(&output)) {
    start_mcp(*mcp);
  } else if (const auto* cancel = std::get_if<session::JobCancel>(&output)) {
    stt_jobs_.erase(cancel->job);
    llm_jobs_.erase(cancel->job);
    tts_jobs_.erase(cancel->job);
    mcp_jobs_.erase(cancel->job);
  } else if (auto* close = std::get_if<session::Close>(&output)) {
    end(close->code, std::move(close->reason), {});
  }
}

// The session counts time in its inputs' stamps, so only the driver can tell what the computing
// itself took.
void SessionDriver::add_overhead(protocol::ServerEvent& event) {
  const base::Duration busy = busy_ + (loop_.now() - input_at_);
  if (const auto* created = std::get_if<protocol::ResponseCreated>(&event.body)) {
    busy_at_.emplace(created->response.id, busy);
  } else if (const auto* done = std::get_if<protocol::ResponseDone>(&event.body)) {
    busy_at_.erase(done->response.id);
  } else if (auto* metrics = std::get_if<protocol::TurnMetrics>(&event.body)) {
    const auto began = busy_at_.find(metrics->response_id);
    if (began == busy_at_.end()) return;
    metrics->overhead_ms = std::chrono::duration<double, std::milli>(busy - began->second).count();
  }
}

// Engines promise: events come on this loop, never from inside start(), and never after the job was
// destroyed. So the sink may use the driver without asking whether it is still there.
template <class Event, class SessionInput, class Jobs>
engine::Sink<Event> SessionDriver::sink(session::JobId id, Jobs& jobs) {
  return [this, id, &jobs](Event event) {
    // The job is over with its last event; it is destroyed after the session heard of it, because
    // this very function belongs to it.
    std::unique_ptr<typename Jobs::mapped_type::element_type> finished;
    if (is_last(event)) {
      const auto job = jobs.find(id);
      if (job != jobs.end()) {
        finished = std::move(job->second);
        jobs.erase(job);
      }
    }
    handle(SessionInput{id, std::move(event)});
  };
}

void SessionDriver::start_mcp(session::McpStart& start) {
  auto events = sink<engine::McpEvent, session::McpInput>(start.job, mcp_jobs_);
  if (engines_.mcp != nullptr) {
    mcp_jobs_.emplace(start.job,
                      engines_.mcp->start(std::move(start.request), loop_, std::move(events)));
    return;
  }
  loop_.post([events = std::move(events), here = std::weak_ptr<const bool>(here_)] {
    if (here.expired()) return;
    events(engine::McpFault{engine::McpFaultKind::http, 0, "MCP servers cannot be reached."});
  });
}

void SessionDriver::rearm() {
  if (ended_) return;
  const auto deadline = session_.deadline();
  if (!deadline) {
    timer_.disarm();
  } else if (deadline != armed_for_) {
    armed_for_ = deadline;
    timer_.arm(*deadline, [this] {
      armed_for_.reset();
      handle(session::TimePassed{});
    });
  }
}

}  // namespace parley::driver
