// SPDX-License-Identifier: MIT
// Requests to other servers: against our own server, and against a peer that breaks the rules.
#include "net/http_client.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/net/harness.h"
#include "tests/net/http_caller.h"

namespace parley::net::test {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a request and its answer arrive whole") {
  TestServer server;
  Client client;
  Caller caller(client.loop);
  HttpClientRequest request;
  request.url = server.url("/echo", "http");
  request.body = std::string(3'000'000, 'x');
  request.headers = {{"X-Mine", "1"}, {"Content-Type", "text/plain"}};
  caller.start(request);
  CHECK(caller.outcome() == std::pair<int, std::string>{200, ""});
  CHECK(caller.body == request.body);
  const auto seen = server.handler.requests.take();
  CHECK(seen.method == "POST");
  CHECK(seen.header("X-Mine") == "1");
  CHECK(seen.header("Expect").empty());
  CHECK(seen.header("User-Agent") == "parley");
}

TEST_CASE("an answer of any status is an answer") {
  TestServer server;
  Client client;
  Caller caller(client.loop);
  caller.start(get(server.url("/nothing-here", "http")));
  CHECK(caller.outcome() == std::pair<int, std::string>{404, ""});
}

TEST_CASE("a connection is used again") {
  TestServer server;
  Client client;
  std::string port;
  for (int i = 0; i < 3; ++i) {
    Caller caller(client.loop);
    caller.start(get(server.url("/", "http")));
    CHECK(caller.outcome().first == 200);
    const auto seen = server.handler.requests.take();
    if (!port.empty()) CHECK(seen.remote_address == port);
    port = seen.remote_address;
  }
}

TEST_CASE("warming up opens one connection, and none where there is one") {
  TestServer server;
  Client client;
  on_loop(client.loop, [&] {
    warm_http(client.loop, server.url("/any", "http"), {});
    warm_http(client.loop, server.url("/other", "http"), {});
  });
  CHECK(server.handler.requests.take().method == "HEAD");
  Caller caller(client.loop);
  caller.start(get(server.url("/", "http")));
  CHECK(caller.outcome().first == 200);
  CHECK(server.handler.requests.take().method == "GET");
  on_loop(client.loop, [&] { warm_http(client.loop, server.url("/", "http"), {}); });
  CHECK(server.handler.requests.empty());
}

TEST_CASE("pieces are handed out as they come") {
  RawServer server;
  Client client;
  Caller caller(client.loop);
  caller.start(get(server.url()));
  auto peer = server.accept();
  peer.read_head();
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n");
  const auto head = caller.take();
  CHECK(head.kind == Seen::Kind::headers);
  CHECK(head.status == 200);
  for (const char* piece : {"one", "two"}) {
    peer.send("3\r\n" + std::string(piece) + "\r\n");
    const auto seen = caller.take();
    CHECK(seen.kind == Seen::Kind::body);
    CHECK(seen.text == piece);
  }
  peer.send("0\r\n\r\n");
  CHECK(caller.take().text.empty());
}

TEST_CASE("every way to fail has its name") {
  Client client;
  const auto code_of = [&](HttpClientRequest request) {
    Caller caller(client.loop);
    caller.start(std::move(request));
    return caller.outcome().second;
  };
  CHECK(code_of(get("ftp://127.0.0.1/")) == "invalid_url");
  CHECK(code_of(get("http://")) == "invalid_url");
  CHECK(code_of(get("http://no-such-host.invalid/")) == "resolve_failed");
  std::string refused;
  {
    refused = RawServer().url();
  }
  CHECK(code_of(get(refused)) == "connect_failed");

  RawServer server;
  const auto broken = [&](const std::string& answer) {
    Caller caller(client.loop);
    caller.start(get(server.url()));
    {
      auto peer = server.accept();
      peer.read_head();
      peer.send(answer);
    }
    return caller.outcome().second;
  };
  CHECK(broken("") == "closed_early");
  CHECK(broken("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234") == "closed_early");
  CHECK(broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n") ==
        "closed_early");
  CHECK(broken("nonsense\r\n\r\n") == "protocol_error");
}

TEST_CASE("a stall in each phase is told by its name") {
  Client client;
  RawServer server;
  const auto stalled = [&](const std::string& sent, HttpTimeouts timeouts) {
    Caller caller(client.loop);
    auto request = get(server.url());
    request.timeouts = timeouts;
    caller.start(request);
    auto peer = server.accept();
    peer.read_head();
    peer.send(sent);
    const auto code = caller.outcome().second;
    CHECK(peer.read_to_end().empty());  // and the connection is closed
    return code;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
  CHECK(stalled("", {.first_byte = milliseconds(50)}) == "timeout_first_byte");
  CHECK(stalled("HTTP/1.1 100 Continue\r\n\r\n", {.first_byte = milliseconds(50)}) ==
        "timeout_first_byte");
  CHECK(stalled(head, {.idle = milliseconds(50)}) == "timeout_idle");
  CHECK(stalled(head, {.total = milliseconds(50)}) == "timeout_total");
}

TEST_CASE("a call that is dropped closes its connection in every phase") {
  Client client;
  RawServer server;
  for (const char* sent : {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}) {
    Caller caller(client.loop);
    caller.start(get(server.url()));
    auto peer = server.accept();
    peer.read_head();
    peer.send(sent);
    if (*sent != '\0') caller.take();
    caller.cancel();
    CHECK(peer.read_to_end().empty());
  }
}

TEST_CASE("a handler may drop its call") {
  TestServer server;
  Client client;
  for (const auto kind : {Seen::Kind::headers, Seen::Kind::body, Seen::Kind::done}) {
    Caller caller(client.loop);
    caller.drops_call_at = kind;
    caller.start(get(server.url("/", "http")));
    while (caller.take().kind != kind) {
    }
    on_loop(client.loop, [] {});
    CHECK(caller.idle());
  }
}

TEST_CASE("a connection that died while idle is replaced without a word") {
  RawServer server;
  Client client;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  std::optional<RawPeer> first;
  {
    Caller caller(client.loop);
    caller.start(get(server.url()));
    first.emplace(server.accept());
    first->read_head();
    first->send(answer);
    CHECK(caller.outcome().first == 200);
  }
  first.reset();
  Caller caller(client.loop);
  caller.start(get(server.url()));
  auto second = server.accept();
  second.read_head();
  second.send(answer);
  CHECK(caller.outcome() == std::pair<int, std::string>{200, ""});
}

TEST_CASE("certificates are checked, against further authorities too") {
  const CertificateDirectory certificate;
  TestServer server(certificate.server_options());
  Client client;
  const auto code_with = [&](ClientTls tls) {
    Caller caller(client.loop);
    auto request = get(server.url("/", "https"));
    request.tls = std::move(tls);
    caller.start(request);
    return caller.outcome().second;
  };
  CHECK(code_with({}) == "tls_failed");
  CHECK(code_with({.verify = true, .ca_file = certificate.files.authority_file}).empty());
  CHECK(code_with({.verify = false, .ca_file = {}}).empty());
}

TEST_CASE("many calls at once each get their own answer") {
  TestServer server;
  Client client;
  constexpr int kCalls = 100;
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < kCalls; ++i) {
    callers.push_back(std::make_unique<Caller>(client.loop));
    HttpClientRequest request;
    request.url = server.url("/echo", "http");
    request.body = std::to_string(i);
    callers.back()->start(request);
  }
  for (int i = 0; i < kCalls; ++i) {
    CHECK(callers[static_cast<std::size_t>(i)]->outcome().first == 200);
    CHECK(callers[static_cast<std::size_t>(i)]->body == std::to_string(i));
  }
}

TEST_CASE("a loop may end with calls running") {
  RawServer server;
  std::unique_ptr<HttpCall> call;
  {
    LoopPool pool(1);
    pool.start();
    auto& loop = pool.at(0);
    on_loop(loop, [&] {
      call = start_http(loop, get(server.url()), {.on_headers = {}, .on_body = {}, .on_done = {}});
    });
    auto peer = server.accept();
    peer.read_head();
    pool.stop_and_join();
    CHECK(peer.read_to_end().empty());
    call.reset();
  }
}

}  // namespace
}  // namespace parley::net::test
