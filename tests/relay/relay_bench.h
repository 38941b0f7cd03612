// SPDX-License-Identifier: MIT
// A relay between a real client socket and the fakes of the providers, all on 127.0.0.1.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "net/server.h"
#include "relay/relay_session.h"
#include "tests/net/harness.h"

namespace parley::tests {

// An [s2s.test] with the given keys.
std::shared_ptr<const relay::Upstream> upstream_of(const std::string& provider,
                                                   std::map<std::string, std::string> keys);

// Which dialect meets which upstream.
struct RelayPair {
  std::string what;
  relay::Flavour client;
  const char* provider;
  const char* fake;         // its id among the fakes
  const char* path;         // its base URL there
  const char* api_version;  // Azure's preview speaks beta
};
const std::vector<RelayPair>& relay_pairs();

bool beta(const RelayPair& pair);  // the client's dialect
// A name in the client's dialect.
std::string named(const RelayPair& pair, const char* ga, const char* in_beta);

struct ClosedRelay {
  std::string detail;
  relay::RelayCounters counters;
};

// A client's end of one session. Used by the test's thread; waits for events, never for a time.
class RelayClient {
 public:
  RelayClient(net::EventLoop& loop, const std::string& url);

  void say(const nlohmann::json& event) { socket_.send_text(event.dump()); }
  void say_text(std::string frame) { socket_.send_text(std::move(frame)); }
  net::test::RecordedSocket& socket() { return socket_; }
  void say_binary(std::string frame) { socket_.send_binary(std::move(frame)); }
  void leave() { socket_.close(net::CloseCode::normal, ""); }

  // Events up to and including the first of this type. Throws when the session ends before.
  std::vector<nlohmann::json> until(const std::string& type);
  // The first event of this type; earlier ones are only kept in heard().
  nlohmann::json await(const std::string& type) { return until(type).back(); }
  // Everything until the connection closes; the close code is code().
  std::vector<nlohmann::json> to_the_end();

  int code() const { return code_; }
  const std::string& reason() const { return reason_; }
  const std::string& heard() const { return heard_; }  // every frame's text

 private:
  net::test::RecordedSocket socket_;
  std::string heard_;
  std::string reason_;
  int code_ = 0;
};

// A server each of whose connections is relayed as `setup` says.
class RelayBench final : public net::ServerHandler {
 public:
  RelayBench();
  ~RelayBench() override;

  // Of the sessions to come; set_up() fills in who meets whom.
  relay::RelaySetup setup;

  // A pair, with further keys of the section.
  void set_up(const RelayPair& pair, const std::map<std::string, std::string>& more = {});

  RelayClient client();
  // The next session that ended, once nothing of it is left in memory.
  ClosedRelay closed();
  // Runs on the loop with the session that began last.
  void with_session(const std::function<void(relay::RelaySession&)>& task);

  void on_request(net::EventLoop&, net::HttpRequest, std::shared_ptr<net::HttpResponder>) override {
  }
  net::UpgradeDecision on_upgrade(net::EventLoop&, const net::HttpRequest&) override;
  void on_websocket(net::EventLoop& loop, const net::HttpRequest& request,
                    std::shared_ptr<net::WebSocket> socket) override;

 private:
  net::test::Mailbox<ClosedRelay> closed_;
  net::test::Mailbox<bool> destroyed_;
  std::weak_ptr<relay::RelaySession> last_;
  net::LoopPool pool_{1};  // of the clients
  std::unique_ptr<net::LoopPool> server_pool_;
  std::unique_ptr<net::Server> server_;  // its listeners live on the pool's loops
};

}  // namespace parley::tests
