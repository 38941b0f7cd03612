// SPDX-License-Identifier: MIT
#include "tests/relay/relay_bench.h"

#include <stdexcept>
#include <utility>

#include "tests/providers/remote/fakes.h"

namespace parley::tests {

using net::test::SocketEvent;
using nlohmann::json;

std::shared_ptr<const relay::Upstream> upstream_of(const std::string& provider,
                                                   std::map<std::string, std::string> keys) {
  auto upstream = relay::read_upstream({"s2s", "test", provider, std::move(keys), {}});
  if (!upstream) throw std::runtime_error(upstream.error().message);
  return *upstream;
}

const std::vector<RelayPair>& relay_pairs() {
  static const std::vector<RelayPair> pairs = {
      {"GA to OpenAI", relay::Flavour::ga, "openai", "openai.realtime", "/openai/v1", ""},
      {"beta to OpenAI", relay::Flavour::beta, "openai", "openai.realtime", "/openai/v1", ""},
      {"GA to Azure", relay::Flavour::ga, "azure_openai", "azure.realtime", "/azure", ""},
      {"GA to Azure's preview", relay::Flavour::ga, "azure_openai", "azure.realtime",
       "/azure/openai", "2025-04-01-preview"},
      {"beta to Azure's preview", relay::Flavour::beta, "azure_openai", "azure.realtime",
       "/azure/openai", "2025-04-01-preview"},
  };
  return pairs;
}

bool beta(const RelayPair& pair) { return pair.client == relay::Flavour::beta; }

std::string named(const RelayPair& pair, const char* ga, const char* in_beta) {
  return beta(pair) ? in_beta : ga;
}

RelayClient::RelayClient(net::EventLoop& loop, const std::string& url)
    : socket_([&] {
        net::WebSocketClientOptions options;
        options.url = url;
        options.headers = {{"Authorization", "Bearer client-token"}};
        auto socket = net::test::connect(loop, std::move(options));
        if (!socket) throw std::runtime_error(socket.error().message);
        return std::move(*socket);
      }()) {}

std::vector<json> RelayClient::until(const std::string& type) {
  std::vector<json> events;
  for (;;) {
    const SocketEvent event = socket_.take();
    if (event.kind != SocketEvent::Kind::text) {
      throw std::runtime_error("no " + type + ", but closed: " + std::to_string(event.code) + "\n" +
                               heard_);
    }
    heard_ += event.data + "\n";
    events.push_back(json::parse(event.data));
    if (events.back()["type"] == type) return events;
  }
}

std::vector<json> RelayClient::to_the_end() {
  std::vector<json> events;
  for (;;) {
    const SocketEvent event = socket_.take();
    if (event.kind != SocketEvent::Kind::text) {
      code_ = event.code;
      reason_ = event.data;
      return events;
    }
    heard_ += event.data + "\n";
    events.push_back(json::parse(event.data));
  }
}

RelayBench::RelayBench() : server_pool_(std::make_unique<net::LoopPool>(1)) {
  auto server = net::Server::create(*server_pool_, *this, {.listen = {"127.0.0.1:0"}, .tls = {}});
  if (!server) throw std::runtime_error(server.error().message);
  server_ = std::move(*server);
  server_pool_->start();
  pool_.start();
}

RelayBench::~RelayBench() {
  pool_.stop_and_join();
  server_->stop_accepting();
  server_pool_->stop_and_join();
}

void RelayBench::set_up(const RelayPair& pair, const std::map<std::string, std::string>& more) {
  std::map<std::string, std::string> keys = {{"base_url", Fakes::url(pair.path)},
                                             {"api_key", "test-key"},
                                             {"model", "their-model"},
                                             {"retries", "0"}};
  if (*pair.api_version != '\0') keys["api_version"] = pair.api_version;
  for (const auto& [key, value] : more) keys[key] = value;
  setup.client = pair.client;
  setup.upstream = upstream_of(pair.provider, std::move(keys));
  setup.model = "our-model";
}

RelayClient RelayBench::client() {
  return RelayClient(pool_.at(0), "ws://" + server_->addresses().at(0) + "/");
}

ClosedRelay RelayBench::closed() {
  ClosedRelay closed = closed_.take();
  destroyed_.take();
  return closed;
}

void RelayBench::with_session(const std::function<void(relay::RelaySession&)>& task) {
  net::test::on_loop(server_pool_->at(0), [&] {
    if (const auto session = last_.lock()) task(*session);
  });
}

net::UpgradeDecision RelayBench::on_upgrade(net::EventLoop&, const net::HttpRequest&) {
  net::UpgradeDecision decision;
  decision.accept = true;
  return decision;
}

void RelayBench::on_websocket(net::EventLoop&, const net::HttpRequest&,
                              std::shared_ptr<net::WebSocket> socket) {
  relay::RelaySetup own = setup;
  own.on_closed = [this](std::string_view detail, const relay::RelayCounters& counters) {
    closed_.put({std::string(detail), counters});
  };
  // Lives as long as the session's setup, and so as long as the session.
  const std::shared_ptr<void> witness(nullptr, [this](void*) { destroyed_.put(true); });
  own.on_frame = [witness, frames = setup.on_frame](bool from_client, std::string_view frame) {
    if (frames) frames(from_client, frame);
  };
  last_ = relay::RelaySession::start(std::move(socket), std::move(own));
}

}  // namespace parley::tests
