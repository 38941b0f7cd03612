// SPDX-License-Identifier: MIT
// Answers that come later, or in pieces.
#include <doctest/doctest.h>

#include "tests/net/harness.h"

namespace parley::net::test {
namespace {

constexpr const char* kHold = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n";

HttpResponse text(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// What the responder does, on its loop.
template <class Task>
void answer(TestServer& server, std::shared_ptr<HttpResponder>& responder, Task task) {
  on_loop(server.pool.at(0), [&] { task(*responder); });
}
void drop(TestServer& server, std::shared_ptr<HttpResponder>& responder) {
  on_loop(server.pool.at(0), [&] { responder.reset(); });
}

TEST_CASE("an answer may come later, and the next request waits for it") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(std::string(kHold) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) { r.respond(text("late")); });
  CHECK(peer.read_response().ends_with("late"));
  CHECK(peer.read_response().ends_with("hello"));
  answer(server, responder, [](HttpResponder& r) { r.respond(text("twice")); });
  drop(server, responder);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.read_response().ends_with("hello"));
}

TEST_CASE("pieces go out as chunks, and the connection stays") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) { r.begin(text("")); });
  const auto head = peer.read_head();
  CHECK(head.find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  answer(server, responder, [](HttpResponder& r) { r.write("seventeen letters"); });
  CHECK(peer.read_exactly(23) == "11\r\nseventeen letters\r\n");
  answer(server, responder, [](HttpResponder& r) { r.finish(); });
  CHECK(peer.read_exactly(5) == "0\r\n\r\n");
  drop(server, responder);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.read_response().ends_with("hello"));
}

TEST_CASE("an old client gets the pieces up to the end of the connection") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET /hold HTTP/1.0\r\n\r\n");
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) {
    r.begin(text("one"));
    r.write("two");
    r.finish();
  });
  const auto whole = peer.read_to_end();
  CHECK(whole.find("chunked") == std::string::npos);
  CHECK(whole.ends_with("\r\n\r\nonetwo"));
  drop(server, responder);
}

TEST_CASE("a request for the head gets no pieces") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("HEAD /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) {
    r.begin(text("one"));
    r.finish();
  });
  peer.read_head();
  drop(server, responder);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.read_response().starts_with("HTTP/1.1 200"));
}

TEST_CASE("a client that goes away is noticed while its answer is made") {
  TestServer server;
  for (const bool begun : {false, true}) {
    Mailbox<bool> gone;
    std::shared_ptr<HttpResponder> responder;
    {
      RawPeer peer(server.port());
      peer.send(kHold);
      responder = server.handler.held.take();
      answer(server, responder, [&](HttpResponder& r) {
        r.on_closed([&gone] { gone.put(true); });
        if (begun) r.begin(text("one"));
      });
      if (begun) peer.read_head();
    }
    CHECK(gone.take());
    answer(server, responder, [](HttpResponder& r) {
      r.write("to nobody");
      r.finish();
    });
    drop(server, responder);
  }
}

TEST_CASE("an answer that is given up is an error, or breaks the connection once it has begun") {
  TestServer server;
  {
    RawPeer peer(server.port());
    peer.send(kHold);
    auto responder = server.handler.held.take();
    drop(server, responder);
    CHECK(peer.read_response().starts_with("HTTP/1.1 500"));
  }
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) { r.begin(text("one")); });
  peer.read_head();
  CHECK(peer.read_exactly(8) == "3\r\none\r\n");
  drop(server, responder);
  CHECK(peer.read_to_end().empty());
}

TEST_CASE("a server may end while an answer is being made") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  server.stop();
  CHECK(peer.read_to_end().empty());
  responder.reset();
}

TEST_CASE("a server that ends parts an answer from the handler that keeps it") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  const std::weak_ptr<HttpResponder> watched = responder;
  answer(server, responder, [&](HttpResponder& r) { r.on_closed([kept = responder] {}); });
  drop(server, responder);
  CHECK_FALSE(watched.expired());
  server.stop();
  CHECK(watched.expired());
}

TEST_CASE("requests sent ahead wait for a long answer's last byte") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  const std::string large(16u << 20u, 'x');
  answer(server, responder, [&](HttpResponder& r) { r.respond(text(large)); });
  // While the answer is stuck in a full socket; the second of them comes in two pieces.
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHo");
  CHECK(peer.read_response().size() > large.size());
  CHECK(peer.read_response().ends_with("hello"));
  peer.send("st: x\r\n\r\n");
  CHECK(peer.read_response().starts_with("HTTP/1.1 200"));
  server.handler.requests.take();
  CHECK(server.handler.requests.take().path == "/");
  CHECK(server.handler.requests.take().path == "/echo");
  CHECK(server.handler.requests.empty());
  drop(server, responder);
}

TEST_CASE("a client that sent another request ahead and goes away is noticed") {
  TestServer server;
  Mailbox<bool> gone;
  std::shared_ptr<HttpResponder> responder;
  {
    RawPeer peer(server.port());
    peer.send(std::string(kHold) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    responder = server.handler.held.take();
    answer(server, responder, [&](HttpResponder& r) { r.on_closed([&gone] { gone.put(true); }); });
  }
  CHECK(gone.take());
  // Who asks late is told as well.
  answer(server, responder, [&](HttpResponder& r) { r.on_closed([&gone] { gone.put(true); }); });
  CHECK(gone.take());
  drop(server, responder);
}

TEST_CASE("an old client can tell a broken answer from a whole one") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send("GET /hold HTTP/1.0\r\n\r\n");
  auto responder = server.handler.held.take();
  answer(server, responder, [](HttpResponder& r) { r.begin(text("one")); });
  peer.read_head();
  CHECK(peer.read_exactly(3) == "one");
  answer(server, responder, [](HttpResponder& r) { r.abort(); });
  CHECK(peer.read_to_reset());
  drop(server, responder);
}

TEST_CASE("what a slow client has not taken yet is told") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(kHold);
  auto responder = server.handler.held.take();
  const std::string piece(16u << 20u, 'x');
  answer(server, responder, [&](HttpResponder& r) {
    r.begin(text(""));
    r.write(piece);
    CHECK(r.queued_bytes() >= piece.size());
    r.finish();
  });
  peer.read_head();
  CHECK(peer.read_exactly(9) == "1000000\r\n");
  CHECK(peer.read_exactly(piece.size()) == piece);
  CHECK(peer.read_exactly(7) == "\r\n0\r\n\r\n");
  drop(server, responder);
}

}  // namespace
}  // namespace parley::net::test
