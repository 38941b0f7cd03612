// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "config/options.h"
#include "engine/ports.h"
#include "net/server.h"
#include "server/auth.h"
#include "server/sessions.h"

namespace spdlog {
class logger;
}

namespace parley::server {

// The program around the sessions: routes, authentication, limits, and the end of it all.
//
//   GET /            what this is, for people
//   GET /healthz     200 while running; needs no token
//   GET /v1/models   what `?model=` may say
//   /v1/realtime     the WebSocket of the Realtime API, GA or beta (server/negotiation.h)
//
// Called on every loop at once; everything shared is immutable or atomic. The engines must outlive
// it, and it must outlive every connection: destroy the server and the pool, then this.
class App final : public net::ServerHandler {
 public:
  App(net::LoopPool& pool, const config::Options& options, engine::EngineSet engines,
      std::shared_ptr<spdlog::logger> log);
  ~App() override;

  net::HttpResponse on_request(net::EventLoop& loop, const net::HttpRequest& request) override;
  net::UpgradeDecision on_upgrade(net::EventLoop& loop, const net::HttpRequest& request) override;
  void on_websocket(net::EventLoop& loop, const net::HttpRequest& request,
                    std::shared_ptr<net::WebSocket> socket) override;

  // Refuses new sessions (503) and closes the running ones with 1001. Any thread.
  void shut_down();
  int session_count() const { return sessions_.count(); }

 private:
  net::HttpResponse route(const net::HttpRequest& request) const;
  session::Options session_options(const net::HttpRequest& request) const;
  void refuse_token(const net::HttpRequest& request, std::shared_ptr<net::WebSocket> socket);

  const config::Options options_;
  const engine::EngineSet engines_;
  const std::shared_ptr<spdlog::logger> log_;
  const Authenticator authenticator_;
  Sessions sessions_;
  std::atomic<bool> shutting_down_{false};
};

}  // namespace parley::server
