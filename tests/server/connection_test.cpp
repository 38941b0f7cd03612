// SPDX-License-Identifier: MIT
// The server on real sockets over loopback: who gets a session, how many, and how they end. In
// these sessions nothing is said, so the engines are silent.
#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "net/server.h"
#include "server/app.h"
#include "tests/net/kept_response.h"
#include "tests/server/silent_engines.h"

namespace parley::tests {
namespace {

// A server, and a loop of its own for its clients.
struct Running {
  explicit Running(const config::Options& options = {})
      : app(*pool, options, catalog, std::make_shared<spdlog::logger>("test", sink)) {
    net::ServerOptions listening;
    listening.listen = {"127.0.0.1:0"};
    auto created = net::Server::create(*pool, app, std::move(listening));
    REQUIRE(created);
    server = std::move(*created);
    pool->start();
  }
  ~Running() {
    stop();
    server.reset();
    pool.reset();  // and with it the last connections, which call the application
  }
  void stop() { pool->stop_and_join(); }

  std::ostringstream log;
  std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink =
      std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
  SilentEngines engines;
  engine::Catalog catalog = engines.catalog();
  std::unique_ptr<net::LoopPool> pool = std::make_unique<net::LoopPool>(2);
  server::App app;
  std::unique_ptr<net::Server> server;
  net::EventLoop clients;
};

// One client connection: what came of it.
struct Client {
  base::Error refusal;  // when there was no connection
  std::vector<std::string> frames;
  int close_code = 0;
  std::string close_reason;
  std::shared_ptr<net::WebSocket> socket;
  std::function<void()> on_frame;
  std::function<void()> on_end;  // refused or closed
};

void dial(Running& running, Client& client, const std::string& query = {},
          net::HeaderList headers = {}, std::vector<std::string> subprotocols = {},
          const std::string& path = "/v1/realtime") {
  net::WebSocketClientOptions options;
  options.url = "ws://" + running.server->addresses().front() + path + query;
  options.headers = std::move(headers);
  options.subprotocols = std::move(subprotocols);
  net::connect_websocket(running.clients, options, [&client](auto connected) {
    if (!connected) {
      client.refusal = connected.error();
      if (client.on_end) client.on_end();
      return;
    }
    client.socket = *connected;
    client.socket->start({.on_text =
                              [&client](std::string_view frame) {
                                client.frames.emplace_back(frame);
                                if (client.on_frame) client.on_frame();
                              },
                          .on_binary = [](std::string_view) {},
                          .on_closed =
                              [&client](int code, std::string_view reason) {
                                client.close_code = code;
                                client.close_reason = reason;
                                if (client.on_end) client.on_end();
                              }});
  });
}

void run_until_end(Running& running, Client& client) {
  client.on_end = [&running] { running.clients.stop(); };
  running.clients.run();
}

void run_until_frame(Running& running, Client& client) {
  client.on_frame = [&running] { running.clients.stop(); };
  client.on_end = [&running] { running.clients.stop(); };
  running.clients.run();
  client.on_frame = nullptr;
  client.on_end = nullptr;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a connection begins with session.created, with the model of the query") {
  Running running;
  Client client;
  dial(running, client, "?model=any%20name");
  run_until_frame(running, client);
  REQUIRE(client.frames.size() == 1);
  CHECK(has(client.frames[0], R"("type":"session.created")"));
  CHECK(has(client.frames[0], R"("model":"any name")"));
  CHECK(has(client.frames[0], R"("output_modalities")"));
}

TEST_CASE("without a model in the query the configured one is shown") {
  for (const char* query : {"", "?model="}) {
    Running running;
    Client client;
    dial(running, client, query);
    run_until_frame(running, client);
    REQUIRE(client.frames.size() == 1);
    CHECK(has(client.frames[0], R"("model":"parley")"));
  }
}

TEST_CASE("the beta header is answered in the beta dialect") {
  Running running;
  Client client;
  dial(running, client, {}, {{"OpenAI-Beta", "realtime=v1"}});
  run_until_frame(running, client);
  REQUIRE(client.frames.size() == 1);
  CHECK(has(client.frames[0], R"("modalities")"));
  CHECK_FALSE(has(client.frames[0], R"("output_modalities")"));
}

TEST_CASE("a wrong or missing token is told in band, then closed with 3000") {
  config::Options options;
  options.server.tokens = {"right-token"};
  for (const bool beta : {false, true}) {
    CAPTURE(beta);
    Running running(options);
    Client client;
    net::HeaderList headers = {{"Authorization", "Bearer wrong-token"}};
    if (beta) headers.emplace_back("OpenAI-Beta", "realtime=v1");
    dial(running, client, {}, headers);
    run_until_end(running, client);
    REQUIRE(client.frames.size() == 1);
    CHECK(has(client.frames[0], R"("type":"error")"));
    CHECK(has(client.frames[0], R"("code":"invalid_api_key")"));
    CHECK(client.close_code == 3000);
    CHECK(client.close_reason == "invalid_request_error.invalid_api_key");
    running.stop();
    CHECK_FALSE(has(running.log.str(), "right-token"));
    CHECK_FALSE(has(running.log.str(), "wrong-token"));
    CHECK(running.app.session_count() == 0);
  }
}

TEST_CASE("the right token in a sub-protocol opens a session") {
  config::Options options;
  options.server.tokens = {"right-token"};
  Running running(options);
  Client client;
  dial(running, client, {}, {}, {"realtime", "openai-insecure-api-key.right-token"});
  run_until_frame(running, client);
  REQUIRE(client.frames.size() == 1);
  CHECK(has(client.frames[0], R"("type":"session.created")"));
  running.stop();
  CHECK_FALSE(has(running.log.str(), "right-token"));
}

TEST_CASE("a client secret binds the session's settings") {
  config::Options options;
  options.server.tokens = {"own"};
  Running running(options);
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/v1/realtime/client_secrets";
  request.headers = {{"Authorization", "Bearer own"}};
  request.body = R"({"session":{"type":"transcription","audio":{"input":{
      "transcription":{"model":"whisper-1","language":"de"}}}}})";
  const auto kept = std::make_shared<net::test::KeptResponse>();
  running.app.on_request(running.pool->at(0), request, kept);
  const std::string& body = kept->response.body;
  const auto begin = body.find("ek_");
  REQUIRE(begin != std::string::npos);
  const auto key = body.substr(begin, body.find('"', begin) - begin);
  Client client;
  dial(running, client, {}, {}, {"realtime", "openai-insecure-api-key." + key});
  run_until_frame(running, client);
  REQUIRE(client.frames.size() == 1);
  CHECK(has(client.frames[0], R"("object":"realtime.transcription_session")"));
  CHECK(has(client.frames[0], R"("language":"de")"));
  running.stop();
  CHECK_FALSE(has(running.log.str(), key));
}

TEST_CASE("a server that refuses unknown models says so in band") {
  config::Options options;
  options.server.unknown_models = "refuse";
  for (const auto& [query, code] :
       {std::pair{"?model=none", "invalid_model"}, std::pair{"", "missing_model"}}) {
    Running running(options);
    Client client;
    dial(running, client, query);
    run_until_end(running, client);
    REQUIRE(client.frames.size() == 1);
    CHECK(has(client.frames[0], std::string(R"("code":")") + code + '"'));
    CHECK(client.close_code == 4000);
    CHECK(client.close_reason == std::string("invalid_request_error.") + code);
  }
}

TEST_CASE("Azure's preview route speaks beta, and refuses keys before the upgrade") {
  config::Options options;
  options.server.tokens = {"azure-key"};
  Running running(options);
  Client client;
  const std::string query = "?api-version=2024-10-01-preview&deployment=my-model";
  dial(running, client, query, {{"api-key", "azure-key"}}, {}, "/openai/realtime");
  run_until_frame(running, client);
  REQUIRE(client.frames.size() == 1);
  CHECK(has(client.frames[0], R"("model":"my-model")"));
  CHECK(has(client.frames[0], R"("modalities")"));
  Client refused;
  dial(running, refused, query, {{"api-key", "wrong"}}, {}, "/openai/realtime");
  run_until_end(running, refused);
  CHECK(refused.refusal.code == "upgrade_refused");
  CHECK(has(refused.refusal.message, "401"));
}

TEST_CASE("one session more than there is room for is refused with 503; an end makes room") {
  config::Options options;
  options.server.sessions_max = 1;
  Running running(options);
  Client first;
  dial(running, first);
  run_until_frame(running, first);
  CHECK(running.app.session_count() == 1);
  Client second;
  dial(running, second);
  run_until_end(running, second);
  CHECK(second.refusal.code == "upgrade_refused");
  CHECK(has(second.refusal.message, "503"));

  first.socket->close(net::CloseCode::normal, {});
  run_until_end(running, first);
  // The server's side of the first may end a moment later: ask until there is room.
  for (;;) {
    Client third;
    dial(running, third);
    run_until_frame(running, third);
    if (!third.frames.empty()) break;
    REQUIRE(has(third.refusal.message, "503"));
  }
}

TEST_CASE("shutting down closes every session with 1001 and lets nobody in") {
  Running running;
  Client one;
  Client two;
  dial(running, one);
  run_until_frame(running, one);
  dial(running, two);
  run_until_frame(running, two);
  int open = 2;
  one.on_end = two.on_end = [&] {
    if (--open == 0) running.clients.stop();
  };
  running.app.shut_down();
  running.clients.run();
  for (const Client* client : {&one, &two}) {
    CHECK(client->close_code == 1001);
    CHECK(client->close_reason == "the server is shutting down");
  }
  Client late;
  dial(running, late);
  run_until_end(running, late);
  CHECK(has(late.refusal.message, "503"));
}

TEST_CASE("a session's begin and end are logged in one line each, whatever the client sends") {
  Running running;
  Client client;
  dial(running, client, "?model=a%0Aforged%20line");
  run_until_frame(running, client);
  client.socket->close(net::CloseCode::normal, {});
  run_until_end(running, client);
  running.app.shut_down();
  running.stop();
  CHECK(has(running.log.str(), "model=a?forged line"));
  CHECK_FALSE(has(running.log.str(), "\nforged"));
}

}  // namespace
}  // namespace parley::tests
