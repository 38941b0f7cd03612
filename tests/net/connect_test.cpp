// SPDX-License-Identifier: MIT
// connect_websocket(): a refusal is told whole, and an attempt ends at any stage when it is
// cancelled.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/net/harness.h"
#include "tests/net/http_caller.h"

namespace parley::net::test {
namespace {

using Connected = tl::expected<std::shared_ptr<WebSocket>, ConnectError>;

std::string with_scheme(std::string url, const std::string& scheme) {
  return scheme + url.substr(url.find("://"));
}

// An attempt on a loop of another thread, and what came of it.
class Attempt {
 public:
  Attempt(EventLoop& loop, const std::string& url) : loop_(loop) {
    WebSocketClientOptions options;
    options.url = url;
    options.tls.verify = false;
    attempt_ = on_loop(loop_, [&] {
      return connect_websocket(loop_, options, [this](Connected made) {
        ++outcomes;
        made_.put(std::move(made));
      });
    });
  }

  Connected take() { return made_.take(); }
  void cancel() {
    on_loop(loop_, [&] {
      if (const auto attempt = attempt_.lock()) attempt->cancel();
      if (const auto attempt = attempt_.lock()) attempt->cancel();  // twice is once
    });
  }
  // All that was posted before has run.
  void settle() {
    for (int i = 0; i < 3; ++i) on_loop(loop_, [] {});
  }
  bool over() const { return attempt_.expired(); }

  int outcomes = 0;

 private:
  EventLoop& loop_;
  std::weak_ptr<ConnectAttempt> attempt_;
  Mailbox<Connected> made_;
};

std::string header(const HeaderList& headers, const std::string& name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

TEST_CASE("what a server answers that refuses the upgrade is kept") {
  Client client;
  RawServer server;
  Attempt attempt(client.loop, with_scheme(server.url("/listen"), "ws"));
  RawPeer peer = server.accept();
  peer.read_head();
  peer.send(
      "HTTP/1.1 429 Slow Down\r\nretry-after: 7\r\nX-Request-Id: r1\r\nContent-Length: 4\r\n\r\n"
      "busy");
  const auto error = attempt.take().error();
  CHECK(error.code == "upgrade_refused");
  CHECK(error.message == "HTTP 429: busy");
  CHECK(error.status == 429);
  CHECK(error.body == "busy");
  CHECK(header(error.headers, "retry-after") == "7");
  CHECK(header(error.headers, "X-Request-Id") == "r1");
  CHECK(peer.read_to_end().empty());
}

TEST_CASE("an attempt that is cancelled while the server is silent leaves at once") {
  Client client;
  RawServer server;
  std::string scheme;
  SUBCASE("in the opening handshake") { scheme = "ws"; }
  SUBCASE("in the TLS handshake") { scheme = "wss"; }
  Attempt attempt(client.loop, with_scheme(server.url(), scheme));
  RawPeer peer = server.accept();
  CHECK(peer.read_exactly(1).size() == 1);
  CHECK_FALSE(attempt.over());
  attempt.cancel();
  peer.read_to_end();
  attempt.settle();
  CHECK(attempt.outcomes == 0);
  CHECK(attempt.over());
}

TEST_CASE("an attempt that is cancelled in the middle of the answer hears no more of it") {
  Client client;
  RawServer server;
  Attempt attempt(client.loop, with_scheme(server.url(), "ws"));
  RawPeer peer = server.accept();
  peer.read_head();
  peer.send("HTTP/1.1 101 Switching");
  attempt.cancel();
  peer.read_to_end();
  attempt.settle();
  CHECK(attempt.outcomes == 0);
}

TEST_CASE("an attempt that is cancelled before it began does nothing") {
  Client client;
  for (const std::string url : {"ws://localhost:1/", "http://not.a.websocket/"}) {
    CAPTURE(url);
    int outcomes = 0;
    on_loop(client.loop, [&] {
      WebSocketClientOptions options;
      options.url = url;
      connect_websocket(client.loop, options, [&](const Connected&) { ++outcomes; })
          .lock()
          ->cancel();
    });
    for (int i = 0; i < 3; ++i) on_loop(client.loop, [] {});
    CHECK(outcomes == 0);
  }
}

TEST_CASE("an attempt is over once it has an outcome") {
  TestServer server;
  Attempt attempt(server.pool.at(0), server.url("/"));
  REQUIRE(attempt.take());
  attempt.settle();
  CHECK(attempt.over());
  attempt.cancel();
  CHECK(attempt.outcomes == 1);
}

}  // namespace
}  // namespace parley::net::test
