// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "config/options.h"
#include "engine/catalog.h"
#include "net/server.h"
#include "server/audio_api.h"
#include "server/auth.h"
#include "server/client_secrets.h"
#include "server/negotiation.h"
#include "server/rest_api.h"
#include "server/sessions.h"
#include "server/upstreams.h"

namespace spdlog {
class logger;
}

namespace parley::server {

// The program around the sessions: routes, authentication, limits, and the end of it all.
//
//   GET /            the playground (server/playground.h), or a folder (server/static_files.h)
//   GET /healthz     200 while running; needs no token; also /health
//   …/voice          what a carrier is to do with a call (server/call_answer.h)
//   the sessions     WebSockets of the Realtime API (server/negotiation.h)
//   the rest         server/rest_api.h, server/audio_api.h
//
// Called on every loop at once; everything shared is immutable or atomic. The catalog and its
// engines must outlive it, and it must outlive every connection: destroy the server and the pool,
// then this.
class App final : public net::ServerHandler {
 public:
  App(net::LoopPool& pool, const config::Options& options, const engine::Catalog& catalog,
      std::shared_ptr<spdlog::logger> log, Upstreams upstreams = {});
  ~App() override;

  void on_request(net::EventLoop& loop, net::HttpRequest request,
                  std::shared_ptr<net::HttpResponder> responder) override;
  net::UpgradeDecision on_upgrade(net::EventLoop& loop, const net::HttpRequest& request) override;
  void on_websocket(net::EventLoop& loop, const net::HttpRequest& request,
                    std::shared_ptr<net::WebSocket> socket) override;

  // Refuses new sessions (503) and closes the running ones with 1001. Any thread.
  void shut_down();
  int session_count() const { return sessions_.count(); }

 private:
  net::HttpResponse route(const net::HttpRequest& request);

  const engine::Model* find_model(const Door& door, const protocol::SessionPatch* secret) const;
  void refuse(const Door& door, base::Error fault, net::CloseCode code,
              std::shared_ptr<net::WebSocket> socket);

  const config::Options options_;
  const engine::Catalog& catalog_;
  const std::shared_ptr<spdlog::logger> log_;
  const Upstreams upstreams_;
  ClientSecrets secrets_;
  const Authenticator authenticator_;
  const RestApi rest_;
  AudioApi audio_;
  Sessions sessions_;
  std::atomic<bool> shutting_down_{false};
};

}  // namespace parley::server
