// SPDX-License-Identifier: MIT
// WebSocket::pause(): who cannot take more holds the peer back, and loses nothing.
#include <doctest/doctest.h>

#include "tests/net/harness.h"

namespace parley::net::test {
namespace {

using Kind = SocketEvent::Kind;

constexpr std::size_t kPiece = 1u << 20u;
constexpr int kPieces = 64;  // far more than the kernel takes

// The two sides of a connection, each on a loop of its own.
struct Pair {
  Pair() : client(connected(server.pool.at(0), server.url("/record"))) {
    other.emplace(server.handler.recorded.take());
  }
  TestServer server{{}, 2};
  RecordedSocket client;
  std::optional<RecordedSocket> other;
};

void pause(RecordedSocket& socket) {
  on_loop(socket.loop(), [&] { socket.socket().pause(); });
}
void resume(RecordedSocket& socket) {
  on_loop(socket.loop(), [&] { socket.socket().resume(); });
}
std::size_t queued(RecordedSocket& socket) {
  return on_loop(socket.loop(), [&] { return socket.socket().queued_bytes(); });
}

TEST_CASE("a paused side hands out nothing, and everything in order afterwards") {
  Pair pair;
  pause(pair.client);
  for (int i = 0; i < kPieces; ++i) {
    pair.other->send_binary(std::string(kPiece, static_cast<char>('A' + i % 26)));
  }
  // The other way is open.
  pair.client.send_text("still there");
  CHECK(pair.other->take().data == "still there");
  CHECK(pair.client.idle());
  CHECK(queued(*pair.other) > kPieces / 2 * kPiece);
  resume(pair.client);
  resume(pair.client);
  for (int i = 0; i < kPieces; ++i) {
    const auto piece = pair.client.take();
    REQUIRE(piece.data.size() == kPiece);
    CHECK(piece.data.front() == static_cast<char>('A' + i % 26));
    CHECK(piece.data.back() == piece.data.front());
  }
  CHECK(queued(*pair.other) == 0);
}

TEST_CASE("a paused side closes as ever") {
  Pair pair;
  pause(pair.client);
  pair.other->send_text("unheard");
  SUBCASE("with something unread") {
    for (int i = 0; i < kPieces; ++i) pair.other->send_binary(std::string(kPiece, 'x'));
  }
  SUBCASE("with little unread") {}
  pair.client.close(CloseCode::normal, "enough");
  const auto closed = pair.client.take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1000);
  CHECK(pair.other->take().kind == Kind::closed);
  resume(pair.client);
}

TEST_CASE("a paused side with nothing to read notices the end") {
  Pair pair;
  pause(pair.client);
  pair.other->close(CloseCode::going_away, "bye");
  CHECK(pair.client.take().code == 1001);
}

TEST_CASE("what was sent is told, message by message") {
  TestServer server;
  EventLoop& loop = server.pool.at(0);
  Mailbox<std::size_t> left;
  WebSocketClientOptions options;
  options.url = server.url("/record");
  std::shared_ptr<WebSocket> socket;
  loop.post([&] {
    connect_websocket(loop, options, [&](auto made) {
      socket = std::move(*made);
      WebSocket::Handlers handlers;
      handlers.on_sent = [&] { left.put(socket->queued_bytes()); };
      socket->start(std::move(handlers));
      socket->send_text("one");
      socket->send_text("three");
    });
  });
  RecordedSocket other = server.handler.recorded.take();
  CHECK(left.take() == 5);
  CHECK(left.take() == 0);
  on_loop(loop, [&] { socket.reset(); });
}

}  // namespace
}  // namespace parley::net::test
