// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/ports.h"
#include "net/event_loop.h"
#include "protocol/server_event.h"
#include "session/session.h"

namespace parley::driver {

// What a session's connection looks like from below. Called on the session's loop.
class SessionClient {
 public:
  virtual ~SessionClient() = default;
  // Borrowed until it returns.
  virtual void on_event(const protocol::ServerEvent& event) = 0;
  // The session asks for its end with this close code. `detail` is for the log: it is not empty
  // when an invariant of ours broke. No event follows.
  virtual void on_end(int code, std::string reason, std::string_view detail) = 0;
};

// Runs one session on one loop: feeds it inputs with the time, carries its outputs out, owns its
// engine jobs and its one timer. Everything happens on `loop`; destroying the driver cancels all
// jobs (not from inside a call to the client). The engines and the client must outlive it.
class SessionDriver {
 public:
  SessionDriver(net::EventLoop& loop, session::Options options, engine::EngineSet engines,
                SessionClient& client);
  ~SessionDriver();
  SessionDriver(const SessionDriver&) = delete;
  SessionDriver& operator=(const SessionDriver&) = delete;

  // Sends the session's first events. Call once, before handle().
  void start();
  void handle(session::Input input);

  const session::Session& session() const { return session_; }

 private:
  template <class Step>
  void guarded(Step step);
  template <class Event, class SessionInput, class Jobs>
  engine::Sink<Event> sink(session::JobId id, Jobs& jobs);
  void end(int code, std::string reason, std::string_view detail);
  void drain();
  void carry_out(session::Output& output);
  void add_overhead(protocol::ServerEvent& event);
  void start_mcp(session::McpStart& start);
  void rearm();

  net::EventLoop& loop_;
  const engine::EngineSet engines_;
  SessionClient& client_;
  session::Session session_;
  net::Timer timer_;
  std::unordered_map<session::JobId, std::unique_ptr<engine::SttJob>> stt_jobs_;
  std::unordered_map<session::JobId, std::unique_ptr<engine::LlmJob>> llm_jobs_;
  std::unordered_map<session::JobId, std::unique_ptr<engine::TtsJob>> tts_jobs_;
  std::unordered_map<session::JobId, std::unique_ptr<engine::McpJob>> mcp_jobs_;
  const std::shared_ptr<const bool> here_ = std::make_shared<bool>(true);  // for posted tasks
  std::optional<base::Instant> armed_for_;
  // Of clients that asked for metrics: our own computing so far, when the input being handled came,
  // and what it was when each running response began.
  const bool metrics_;
  base::Duration busy_{};
  base::Instant input_at_;
  std::unordered_map<std::string, base::Duration> busy_at_;
  bool ended_ = false;
  bool draining_ = false;
};

}  // namespace parley::driver
