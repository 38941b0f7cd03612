// SPDX-License-Identifier: MIT
// Requests to other servers: against our own server, and against a peer that breaks the rules.
#include "net/http_client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "tests/net/harness.h"

namespace parley::net::test {
namespace {

using std::chrono::milliseconds;

// A listening socket whose connections the test serves by hand.
class RawServer {
 public:
  RawServer() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd_, 16) == 0);
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~RawServer() { close(fd_); }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  RawPeer accept() { return RawPeer::from_socket(::accept(fd_, nullptr, nullptr)); }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  int fd_;
  int port_ = 0;
};

struct Seen {
  enum class Kind { headers, body, done };
  Kind kind;
  int status = 0;
  HeaderList headers;
  std::string text;  // a piece, or the error's code
};

// A call on a loop of its own thread, and what came of it.
class Caller {
 public:
  explicit Caller(EventLoop& loop) : loop_(loop) {}
  ~Caller() { cancel(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void start(HttpClientRequest request) {
    on_loop(loop_, [&] { call_ = start_http(loop_, std::move(request), handlers()); });
  }
  void cancel() {
    on_loop(loop_, [&] { call_.reset(); });
  }
  Seen take() { return seen_.take(); }
  // The status, and the error's code ("" when there was none), past whatever body.
  std::pair<int, std::string> outcome() {
    int status = 0;
    for (Seen seen = take();; seen = take()) {
      if (seen.kind == Seen::Kind::headers) status = seen.status;
      if (seen.kind == Seen::Kind::body) body += seen.text;
      if (seen.kind == Seen::Kind::done) return {status, seen.text};
    }
  }
  bool idle() { return seen_.empty(); }

  std::string body;
  std::optional<Seen::Kind> drops_call_at;

 private:
  HttpClientHandlers handlers() {
    HttpClientHandlers out;
    out.on_headers = [this](int status, const HeaderList& headers) {
      put({Seen::Kind::headers, status, headers, {}});
    };
    out.on_body = [this](std::string_view piece) {
      put({Seen::Kind::body, 0, {}, std::string(piece)});
    };
    out.on_done = [this](base::Result<void> result) {
      put({Seen::Kind::done, 0, {}, result ? "" : result.error().code});
    };
    return out;
  }
  void put(Seen seen) {
    if (drops_call_at == seen.kind) call_.reset();
    seen_.put(std::move(seen));
  }

  EventLoop& loop_;
  std::unique_ptr<HttpCall> call_;
  Mailbox<Seen> seen_;
};

struct Client {
  Client() { pool.start(); }
  ~Client() { pool.stop_and_join(); }
  LoopPool pool{1};
  EventLoop& loop = pool.at(0);
};

HttpClientRequest get(const std::string& url) {
  HttpClientRequest request;
  request.method = "GET";
  request.url = url;
  return request;
}

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
