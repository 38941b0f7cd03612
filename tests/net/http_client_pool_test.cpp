// SPDX-License-Identifier: MIT
// Requests to other servers: what the pool keeps, what a dropped call leaves, proxies, odd moments.
#include <doctest/doctest.h>

#include <optional>

#include "net/http_client.h"
#include "tests/net/harness.h"
#include "tests/net/http_caller.h"

namespace parley::net::test {
namespace {

using std::chrono::milliseconds;
using Outcome = std::pair<int, std::string>;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_CASE("a used connection that dies under a request is replaced, and the body sent again") {
  RawServer server;
  Client client;
  Caller first(client.loop);
  first.start(get(server.url()));
  auto old = server.accept();
  old.read_head();
  old.send(kOk);
  CHECK(first.outcome().first == 200);

  Caller second(client.loop);
  HttpClientRequest request;
  request.url = server.url();
  request.body = std::string(1u << 20u, 'x');
  second.start(request);
  old.read_head();  // on the same connection
  old.reset();
  auto fresh = server.accept();
  fresh.read_head();
  CHECK(fresh.read_exactly(request.body.size()) == request.body);
  fresh.send(kOk);
  CHECK(second.outcome() == Outcome{200, ""});
  CHECK(second.body == "ok");
}

TEST_CASE("a fresh connection that dies under a request is an error, told once") {
  RawServer server;
  Client client;
  Caller caller(client.loop);
  caller.start(get(server.url()));
  {
    auto peer = server.accept();
    peer.read_head();
    peer.reset();
  }
  CHECK(caller.outcome() == Outcome{0, "closed_early"});
}

TEST_CASE("warming up is not fooled by a call that was dropped, or a server that went away") {
  Client client;
  const auto opens_connection = [&](RawServer& server) {
    on_loop(client.loop, [&] {
      warm_http(client.loop, server.url("/path"), {});
      warm_http(client.loop, server.url("/other"), {});
    });
    CHECK(server.accept().read_head().starts_with("HEAD / "));
  };
  RawServer dropped;
  {
    Caller caller(client.loop);
    caller.start(get(dropped.url()));
    auto peer = dropped.accept();
    peer.read_head();
    caller.cancel();
    peer.read_to_end();
  }
  opens_connection(dropped);
  RawServer gone;
  {
    Caller caller(client.loop);
    caller.start(get(gone.url()));
    auto peer = gone.accept();
    peer.read_head();
    peer.send(kOk);
    CHECK(caller.outcome().first == 200);
  }
  opens_connection(gone);
}

TEST_CASE("a peer that stalls within the TLS handshake is a slow connection, and can be dropped") {
  RawServer server;
  Client client;
  auto request = get(server.url());
  request.url.replace(0, 4, "https");
  {
    Caller caller(client.loop);
    request.timeouts.connect = milliseconds(50);
    caller.start(request);
    auto peer = server.accept();
    CHECK(caller.outcome() == Outcome{0, "timeout_connect"});
    peer.read_to_end();
  }
  Caller caller(client.loop);
  request.timeouts.connect = milliseconds(0);  // no limit
  caller.start(request);
  auto peer = server.accept();
  peer.read_exactly(5);
  caller.cancel();
  peer.read_to_end();
  CHECK(caller.idle());
}

TEST_CASE("a call that is dropped while its body goes up closes its connection") {
  RawServer server;
  Client client;
  Caller caller(client.loop);
  HttpClientRequest request;
  request.url = server.url();
  request.body = std::string(30u << 20u, 'x');
  caller.start(request);
  auto peer = server.accept();
  peer.read_head();
  caller.cancel();
  CHECK(peer.read_to_end().size() < request.body.size());
}

TEST_CASE("a call that is dropped at once, or while its host is looked up, tells nobody") {
  Client client;
  bool told = false;
  for (const char* url : {"http://127.0.0.1:1/", "http://no-such-host.invalid/", "nonsense"}) {
    on_loop(client.loop, [&] {
      HttpClientHandlers handlers;
      handlers.on_done = [&](const base::Result<void>&) { told = true; };
      start_http(client.loop, get(url), std::move(handlers)).reset();
    });
  }
  client.pool.stop_and_join();
  CHECK_FALSE(told);
}

TEST_CASE("a handler is not called from within the start, and may start the next call") {
  TestServer server;
  Client client;
  Mailbox<bool> done;
  bool inside = false;
  std::unique_ptr<HttpCall> first;
  std::unique_ptr<HttpCall> second;
  on_loop(client.loop, [&] {
    HttpClientHandlers handlers;
    handlers.on_done = [&](const base::Result<void>& result) {
      CHECK_FALSE(inside);
      CHECK_FALSE(result);
      HttpClientHandlers more;
      more.on_done = [&](const base::Result<void>& next) { done.put(next.has_value()); };
      second = start_http(client.loop, get(server.url("/", "http")), std::move(more));
      first.reset();
    };
    inside = true;
    first = start_http(client.loop, get("nonsense"), std::move(handlers));
    inside = false;
  });
  CHECK(done.take());
  on_loop(client.loop, [&] { second.reset(); });
}

TEST_CASE("a header cannot smuggle in another") {
  TestServer server;
  Client client;
  for (const std::string bad : {"a\r\nX-More: b", "a\nb", "a\rb"}) {
    Caller caller(client.loop);
    auto request = get(server.url("/", "http"));
    request.headers = {{"X-Mine", bad}};
    caller.start(request);
    CHECK(caller.outcome() == Outcome{0, "protocol_error"});
  }
  CHECK(server.handler.requests.empty());
}

TEST_CASE("a proxy is asked, but not for hosts that are excepted") {
  RawServer proxy;
  const Variable http("http_proxy", proxy.url().c_str());
  const Variable all_upper("NO_PROXY", nullptr);
  {
    const Variable none("no_proxy", nullptr);
    Client client;
    Caller caller(client.loop);
    caller.start(get("http://there.invalid/path"));
    auto peer = proxy.accept();
    CHECK(peer.read_head().starts_with("GET http://there.invalid/path HTTP/1.1\r\n"));
    peer.send(kOk);
    CHECK(caller.outcome() == Outcome{200, ""});
  }
  const Variable none("no_proxy", "127.0.0.1,localhost");
  TestServer server;
  Client client;
  Caller caller(client.loop);
  caller.start(get(server.url("/", "http")));
  CHECK(caller.outcome() == Outcome{200, ""});
}

TEST_CASE("what is asked for while the loop ends is let go") {
  struct Farewell {
    EventLoop& loop;
    std::string url;
    ~Farewell() { send_and_forget(loop, get(url)); }
  };
  RawServer server;
  LoopPool pool(1);
  pool.start();
  std::unique_ptr<HttpCall> call;
  on_loop(pool.at(0), [&] {
    HttpClientHandlers handlers;
    const std::shared_ptr<Farewell> farewell(new Farewell{pool.at(0), server.url()});
    handlers.on_done = [farewell](const base::Result<void>&) {};
    call = start_http(pool.at(0), get(server.url()), std::move(handlers));
  });
  auto peer = server.accept();
  peer.read_head();
  pool.stop_and_join();
  CHECK(peer.read_to_end().empty());
}

}  // namespace
}  // namespace parley::net::test
