// SPDX-License-Identifier: MIT
#include "net/server.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <set>

#include "tests/net/harness.h"

using namespace parley;
using namespace parley::net;
using namespace parley::net::test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("requests follow each other on one connection") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET /?a=b HTTP/1.1\r\nHost: test\r\nX-Key: k\r\n\r\n");
  const std::string first = peer.read_response();
  CHECK(has(first, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(first, "Server: parley\r\n"));
  CHECK(has(first, "Content-Type: text/plain\r\n"));
  CHECK(has(first, "X-Test: yes\r\n"));
  CHECK_FALSE(has(first, "Smuggled"));
  CHECK(first.ends_with("\r\n\r\nhello"));

  peer.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(peer.read_response().ends_with("\r\n\r\nabc"));
  peer.send(
      "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n");
  CHECK(peer.read_response().ends_with("\r\n\r\ndef"));
  peer.send("GET /missing HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_response(), "HTTP/1.1 404 Not Found\r\n"));
  peer.send("HEAD / HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_head(), "Content-Length: 5\r\n"));
  // No body came with that, or this would not begin with a status line.
  peer.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string last = peer.read_to_end();
  CHECK(last.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(last, "Connection: close\r\n"));

  const HttpRequest seen = server.handler.requests.take();
  CHECK(seen.method == "GET");
  CHECK(seen.target == "/?a=b");
  CHECK(seen.path == "/");
  CHECK(seen.query_value("a") == "b");
  CHECK(seen.header("x-key") == "k");
  CHECK(seen.remote_address.starts_with("127.0.0.1:"));
  CHECK_FALSE(seen.secure);
  CHECK(server.handler.requests.take().body == "abc");
}

TEST_CASE("a request may come byte by byte, or with the next one behind it") {
  TestServer server;
  RawPeer peer(server.port());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")) {
    peer.send(std::string(1, c));
  }
  CHECK(peer.read_response().ends_with("hi"));
  peer.send("GET / HTTP/1.1\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nyo");
  CHECK(peer.read_response().ends_with("hello"));
  CHECK(peer.read_response().ends_with("yo"));
}

TEST_CASE("HTTP/1.0 closes unless it asks otherwise") {
  TestServer server;
  RawPeer closing(server.port());
  closing.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(closing.read_to_end().ends_with("hello"));
  RawPeer staying(server.port());
  staying.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(has(staying.read_response(), "Connection: keep-alive\r\n"));
  staying.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(staying.read_to_end().ends_with("hello"));
}

TEST_CASE("a client that waits for 100-continue gets it") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(peer.read_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("abc");
  CHECK(peer.read_response().ends_with("\r\n\r\nabc"));
}

TEST_CASE("an exception of the handler is answered with 500, and the connection goes on") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET /throw HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_response(), "HTTP/1.1 500 "));
  peer.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_response(), "HTTP/1.1 200 "));
}

TEST_CASE(
    "requests beyond the limits and malformed ones are refused, and the client can read why") {
  ServerOptions options;
  options.body_bytes_max = 1000;
  options.header_bytes_max = 2000;
  TestServer server(options);
  RawPeer peer(server.port());
  std::string status;
  SUBCASE("an announced body") {
    // All of it is sent: closing without reading it would take the answer back.
    peer.send("POST /echo HTTP/1.1\r\nContent-Length: 500000\r\n\r\n");
    peer.try_send(std::string(500000, 'x'));
    status = "413";
  }
  SUBCASE("a chunked body") {
    peer.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
    peer.try_send(std::string(1024, 'x') + "\r\n0\r\n\r\n");
    status = "413";
  }
  SUBCASE("one long header field") {
    peer.send("GET / HTTP/1.1\r\nX-Long: " + std::string(3000, 'x') + "\r\n\r\n");
    status = "431";
  }
  SUBCASE("a long request line") {
    peer.send("GET /" + std::string(3000, 'x') + " HTTP/1.1\r\n\r\n");
    status = "431";
  }
  SUBCASE("no HTTP at all") {
    peer.send("\x01\x02\x03 hello\r\n\r\n");
    status = "400";
  }
  SUBCASE("a bad length") {
    peer.send("POST /echo HTTP/1.1\r\nContent-Length: 1x\r\n\r\n");
    status = "400";
  }
  SUBCASE("two lengths") {
    peer.send("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    status = "400";
  }
  const std::string answer = peer.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 " + status + " "));
  CHECK(has(answer, "Connection: close\r\n"));
  CHECK(server.handler.requests.empty());
}

TEST_CASE("a client that says nothing, or only half a request, is cut off") {
  ServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(20);
  TestServer server(options);
  RawPeer silent(server.port());
  CHECK(silent.read_to_end().empty());
  RawPeer slow(server.port());
  slow.send("GET / HTT");
  CHECK(slow.read_to_end().empty());
}

TEST_CASE("an upgrade may be refused with any response, and the connection goes on") {
  TestServer server;
  RawPeer peer(server.port());
  const std::string handshake =
      " HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: ";
  peer.send("GET /refuse" + handshake + "13\r\n\r\n");
  const std::string refusal = peer.read_response();
  CHECK(refusal.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
  CHECK(refusal.ends_with(R"({"error":"no key"})"));
  peer.send("GET /throw" + handshake + "13\r\n\r\n");
  CHECK(peer.read_response().starts_with("HTTP/1.1 500 "));
  peer.send("GET /record" + handshake + "8\r\n\r\n");
  const std::string wrong_version = peer.read_response();
  CHECK(wrong_version.starts_with("HTTP/1.1 426 "));
  CHECK(has(wrong_version, "Sec-WebSocket-Version: 13\r\n"));
  peer.send("GET /record" + handshake + "13\r\n\r\nframes too early");
  CHECK(peer.read_to_end().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("an upgrade to something else is an ordinary request") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  CHECK(peer.read_response().ends_with("hello"));
}

TEST_CASE("a server listens on every address it was given") {
  ServerOptions options;
  options.listen = {"127.0.0.1:0", "[::1]:0", "localhost:0"};
  TestServer server(options);
  const auto addresses = server.server->addresses();
  REQUIRE(addresses.size() == 3);
  CHECK(addresses[0].starts_with("127.0.0.1:"));
  CHECK(addresses[1].starts_with("[::1]:"));
  for (const auto& address : addresses) {
    CHECK_FALSE(address.ends_with(":0"));
    RecordedSocket client = connected(server.pool.at(0), "ws://" + address + "/");
    client.send_text("there");
    CHECK(client.take().data == "there");
  }
}

TEST_CASE("what cannot be listened on is told") {
  LoopPool pool(2);
  TestHandler handler;
  TestServer other;
  const auto code_for = [&](ServerOptions options) {
    const auto made = Server::create(pool, handler, std::move(options));
    return made ? std::string("none") : made.error().code;
  };
  ServerOptions options;
  options.listen = {"nowhere"};
  CHECK(code_for(options) == "invalid_address");
  // Taken by ourselves: SO_REUSEPORT alone would let this pass.
  options.listen = {other.address()};
  CHECK(code_for(options) == "listen_failed");
  options.listen = {"192.0.2.1:0"};  // TEST-NET-1: nobody's
  CHECK(code_for(options) == "listen_failed");
  options.listen = {"127.0.0.1:0"};
  options.tls.certificate_file = "/nonexistent/certificate.pem";
  CHECK(code_for(options) == "tls_failed");
}

TEST_CASE("many connections spread over the loops and each stays on its own") {
  constexpr int kConnections = 200;
  std::mutex mutex;
  std::set<EventLoop*> loops;
  TestServer server({}, 2);
  server.handler.on_socket_loop = [&](EventLoop& loop) {
    const std::lock_guard lock(mutex);
    loops.insert(&loop);
  };
  std::vector<RecordedSocket> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(connected(server.pool.at(i % 2), server.url("/")));
  }
  for (int i = 0; i < kConnections; ++i) {
    clients[static_cast<std::size_t>(i)].send_text("hello " + std::to_string(i));
  }
  for (int i = 0; i < kConnections; ++i) {
    CHECK(clients[static_cast<std::size_t>(i)].take().data == "hello " + std::to_string(i));
  }
  {
    // The kernel hashes ports over the loops: one of 2 left out of 200 times is a chance of 2^-199.
    const std::lock_guard lock(mutex);
    CHECK(loops.size() == 2);
  }
  server.stop();  // with everything open
}

TEST_CASE("after stop_accepting new connections are refused and open ones go on") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_response(), "Connection: keep-alive\r\n"));
  RecordedSocket client = connected(server.pool.at(0), server.url("/"));
  server.server->stop_accepting();
  server.server->stop_accepting();
  CHECK_THROWS(RawPeer(server.port()));
  client.send_text("still");
  CHECK(client.take().data == "still");
  peer.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(has(peer.read_to_end(), "Connection: close\r\n"));
}

TEST_CASE("a server survives running out of file descriptors") {
  TestServer server;
  RawPeer waiting(server.port());
  waiting.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(waiting.read_response().ends_with("hello"));

  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int lowest_free = ::dup(0);
  REQUIRE(lowest_free >= 0);
  ::close(lowest_free);
  // The test's end of the connection is the last descriptor there is.
  rlimit scarce = before;
  scarce.rlim_cur = static_cast<rlim_t>(lowest_free) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &scarce) == 0);
  RawPeer late(server.port());
  late.send("GET / HTTP/1.1\r\n\r\n");
  // Answered while the other cannot be accepted: the loop is alive and not busy with errors.
  waiting.send("GET / HTTP/1.1\r\n\r\n");
  const std::string meanwhile = waiting.read_response();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(meanwhile.ends_with("hello"));
  CHECK(late.read_response().ends_with("hello"));
}
