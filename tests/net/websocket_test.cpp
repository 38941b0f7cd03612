// SPDX-License-Identifier: MIT
#include "net/websocket.h"

#include <doctest/doctest.h>

#include "tests/net/harness.h"

using namespace parley;
using namespace parley::net;
using namespace parley::net::test;
using Kind = SocketEvent::Kind;

namespace {

constexpr int kText = 1;
constexpr int kBinary = 2;
constexpr int kClose = 8;
constexpr int kPing = 9;
constexpr int kPong = 10;

// A server, a raw peer upgraded on /record, and the server's side of it.
struct RawPair {
  explicit RawPair(ServerOptions options = {}) : server(std::move(options)), peer(server.port()) {
    peer.upgrade("/record");
    socket.emplace(server.handler.recorded.take());
  }
  TestServer server;
  RawPeer peer;
  std::optional<RecordedSocket> socket;
};

}  // namespace

TEST_CASE("text and binary frames are echoed as what they are") {
  TestServer server;
  RecordedSocket client = connected(server.pool.at(0), server.url("/"));
  client.send_text("gr\xc3\xbc\xc3\x9f dich");
  client.send_binary(std::string("\x00\xff\xfe", 3));
  client.send_text("");
  auto text = client.take();
  CHECK(text.kind == Kind::text);
  CHECK(text.data == "gr\xc3\xbc\xc3\x9f dich");
  auto binary = client.take();
  CHECK(binary.kind == Kind::binary);
  CHECK(binary.data == std::string("\x00\xff\xfe", 3));
  auto empty = client.take();
  CHECK(empty.kind == Kind::text);
  CHECK(empty.data.empty());
}

TEST_CASE("the sub-protocol that the handler selects is answered") {
  TestServer server;
  RawPeer peer(server.port());
  peer.send(
      "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Protocol: other, realtime\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const std::string head = peer.read_head();
  CHECK(head.find("Sec-WebSocket-Protocol: realtime\r\n") != std::string::npos);
  CHECK(head.find("Server: parley\r\n") != std::string::npos);
  CHECK(head.find("Extensions") == std::string::npos);
  CHECK(server.handler.requests.take().subprotocols() ==
        std::vector<std::string>{"other", "realtime"});
}

TEST_CASE("a message of 1 MiB comes whole, also in fragments with pings between them") {
  RawPair pair;
  std::string message(1u << 20u, 'x');
  for (std::size_t i = 0; i < message.size(); i += 997)
    message[i] = static_cast<char>('a' + i % 26);
  pair.peer.send_frame(kText, message);
  CHECK(pair.socket->take().data == message);

  const std::string_view whole = message;
  pair.peer.send_frame(kBinary, whole.substr(0, 300000), false);
  pair.peer.send_frame(kPing, "are you there");
  pair.peer.send_frame(0, whole.substr(300000, 500000), false);
  pair.peer.send_frame(0, "", false);
  pair.peer.send_frame(0, whole.substr(800000), true);
  const auto received = pair.socket->take();
  CHECK(received.kind == Kind::binary);
  CHECK(received.data == message);
  CHECK(pair.peer.read_frame().opcode == kPong);

  pair.socket->send_text(message);
  CHECK(pair.peer.read_frame().payload == message);
}

TEST_CASE("a frame cut into single bytes is put together") {
  RawPair pair;
  std::string bytes = std::string("\x81\x85", 2) + std::string(4, '\0') + "hello";
  for (const char c : bytes) pair.peer.send(std::string(1, c));
  CHECK(pair.socket->take().data == "hello");
}

TEST_CASE("many frames in one packet all arrive, in order") {
  RawPair pair;
  std::string packet;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(1000 + i);
    packet += std::string("\x81\x84", 2) + std::string(4, '\0') + text;
  }
  pair.peer.send(packet);
  for (int i = 0; i < 1000; ++i) REQUIRE(pair.socket->take().data == std::to_string(1000 + i));
}

TEST_CASE("a ping is answered with its payload") {
  RawPair pair;
  pair.peer.send_frame(kPing, "payload");
  const auto pong = pair.peer.read_frame();
  CHECK(pong.opcode == kPong);
  CHECK(pong.payload == "payload");
  CHECK(pair.socket->idle());
}

TEST_CASE("a silent peer is pinged and, when it does not answer, given up") {
  ServerOptions options;
  options.websocket_idle_timeout = std::chrono::milliseconds(40);
  RawPair pair(options);
  CHECK(pair.peer.read_frame().opcode == kPing);
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1006);
}

TEST_CASE("row 41: a peer that was sent something meanwhile is given longer, but not for ever") {
  ServerOptions options;
  options.websocket_idle_timeout = std::chrono::milliseconds(40);
  RawPair pair(options);
  const auto begun = std::chrono::steady_clock::now();
  pair.socket->send_text("an answer that takes time to hear");
  const auto closed = pair.socket->take();
  CHECK(closed.code == 1006);
  CHECK(std::chrono::steady_clock::now() - begun >= 5 * options.websocket_idle_timeout);
}

TEST_CASE("a message over the limit closes with 1009") {
  ServerOptions options;
  options.message_bytes_max = 1000;
  RawPair pair(options);
  pair.peer.send_frame(kText, std::string(1000, 'x'));
  CHECK(pair.socket->take().data.size() == 1000);
  SUBCASE("in one frame, all of which is sent") {
    pair.peer.send_frame(kText, std::string(300000, 'x'));
  }
  SUBCASE("in fragments") {
    pair.peer.send_frame(kText, std::string(600, 'x'), false);
    pair.peer.send_frame(0, std::string(600, 'x'), true);
  }
  CHECK(close_code(pair.peer.read_frame()) == 1009);
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1009);
}

TEST_CASE("text that is not UTF-8 closes with 1007") {
  RawPair pair;
  SUBCASE("a bad byte") { pair.peer.send_frame(kText, "abc\xff"); }
  SUBCASE("a truncated character") { pair.peer.send_frame(kText, "abc\xc3"); }
  CHECK(close_code(pair.peer.read_frame()) == 1007);
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1007);
}

TEST_CASE("breaking the protocol closes with 1002") {
  RawPair pair;
  SUBCASE("an unmasked frame") { pair.peer.send(std::string("\x81\x01x", 3)); }
  SUBCASE("a reserved opcode") { pair.peer.send_frame(3, "x"); }
  SUBCASE("a continuation of nothing") { pair.peer.send_frame(0, "x"); }
  SUBCASE("a close code that must not be sent") {
    pair.peer.send_frame(kClose, std::string("\x03\xee", 2));  // 1006
  }
  CHECK(close_code(pair.peer.read_frame()) == 1002);
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1002);
}

TEST_CASE("the peer's close is answered and reported with code and reason") {
  RawPair pair;
  int code = 0;
  std::string payload;
  std::string reason;
  SUBCASE("normal") {
    payload = std::string("\x03\xe8", 2) + "bye";
    code = 1000;
    reason = "bye";
  }
  SUBCASE("an application's code") {
    payload = std::string("\x0b\xb8", 2);
    code = 3000;
  }
  SUBCASE("none") { code = 1005; }
  pair.peer.send_frame(kText, "last words");
  pair.peer.send_frame(kClose, payload);
  CHECK(pair.socket->take().data == "last words");
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == code);
  CHECK(closed.data == reason);
  CHECK(close_code(pair.peer.read_frame()) == (code == 1005 ? 1000 : code));
  CHECK(pair.peer.read_to_end().empty());
}

TEST_CASE("close sends what is queued, then code and reason") {
  RawPair pair;
  const std::string large(3u << 20u, 'x');
  pair.socket->send_text(large);
  pair.socket->send_text("last");
  SUBCASE("3000") { pair.socket->close(CloseCode::invalid_api_key, "invalid_request_error.key"); }
  SUBCASE("4000, twice, with frames that come too late") {
    pair.socket->close(CloseCode::invalid_request, "first");
    pair.socket->close(CloseCode::normal, "second");
    pair.socket->send_text("late");
    pair.peer.send_frame(kText, "unheard");
  }
  CHECK(pair.peer.read_frame().payload == large);
  CHECK(pair.peer.read_frame().payload == "last");
  const auto frame = pair.peer.read_frame();
  const int code = close_code(frame);
  const std::string reason = frame.payload.substr(2);
  CHECK((code == 3000 ? reason == "invalid_request_error.key" : reason == "first"));
  pair.peer.send_frame(kClose, frame.payload.substr(0, 2));
  CHECK(pair.peer.read_to_end().empty());
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == code);
  CHECK(closed.data == reason);
  pair.server.stop();
  CHECK(pair.socket->idle());  // nothing after it
}

TEST_CASE("a long reason is cut between characters") {
  RawPair pair;
  std::string reason(122, 'r');
  reason += "\xc3\xbc and more";
  pair.socket->close(CloseCode::policy_violation, reason);
  CHECK(pair.peer.read_frame().payload.substr(2) == std::string(122, 'r'));
}

TEST_CASE("close ends although the peer answers nothing") {
  RawPair pair;
  pair.socket->close(CloseCode::going_away, "restart");
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1001);
  CHECK(close_code(pair.peer.read_frame()) == 1001);
}

TEST_CASE("a peer that does not read lets the queue grow, and close ends all the same") {
  RawPair pair;
  constexpr std::size_t kFrame = 1u << 20u;
  constexpr std::size_t kFrames = 64;  // far more than the kernel takes
  const auto queued = on_loop(pair.socket->loop(), [&] {
    for (std::size_t i = 0; i < kFrames; ++i) {
      pair.socket->socket().send_binary(std::string(kFrame, 'x'));
    }
    return pair.socket->socket().queued_bytes();
  });
  CHECK(queued == kFrames * kFrame);
  pair.socket->close(CloseCode::policy_violation, "too slow");
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1008);
  const auto left =
      on_loop(pair.socket->loop(), [&] { return pair.socket->socket().queued_bytes(); });
  CHECK(left == 0);
}

TEST_CASE("queued_bytes comes back to zero when the peer reads") {
  RawPair pair;
  on_loop(pair.socket->loop(), [&] {
    for (int i = 0; i < 20; ++i) pair.socket->socket().send_binary(std::string(1u << 20u, 'x'));
  });
  for (int i = 0; i < 20; ++i) REQUIRE(pair.peer.read_frame().payload.size() == 1u << 20u);
  // An echo behind the last frame: the loop has seen that write end.
  pair.peer.send_frame(kPing, "");
  CHECK(pair.peer.read_frame().opcode == kPong);
  CHECK(on_loop(pair.socket->loop(), [&] { return pair.socket->socket().queued_bytes(); }) == 0);
}

TEST_CASE("a peer that vanishes is reported as 1006") {
  RawPair pair;
  SUBCASE("by a reset") { pair.peer.reset(); }
  SUBCASE("by a bare end of the stream") { RawPeer(std::move(pair.peer)); }
  SUBCASE("by a reset while much is being sent to it") {
    on_loop(pair.socket->loop(), [&] {
      for (int i = 0; i < 64; ++i) pair.socket->socket().send_binary(std::string(1u << 20u, 'x'));
    });
    pair.peer.reset();
  }
  const auto closed = pair.socket->take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1006);
}

TEST_CASE("a handler that throws ends only its connection, with 1011") {
  TestServer server;
  RecordedSocket other = connected(server.pool.at(0), server.url("/"));
  RecordedSocket client = connected(server.pool.at(0), server.url("/throw-frame"));
  client.send_text("x");
  const auto closed = client.take();
  CHECK(closed.kind == Kind::closed);
  CHECK(closed.code == 1011);
  CHECK(server.handler.closed.take().code == 1011);
  other.send_text("fine");
  CHECK(other.take().data == "fine");
}

TEST_CASE("a handler may close and drop its socket from within") {
  TestServer server;
  RecordedSocket client = connected(server.pool.at(0), server.url("/record"));
  std::optional<RecordedSocket> unused(server.handler.recorded.take());
  unused.reset();

  Mailbox<int> codes;
  auto owner = std::make_shared<std::shared_ptr<WebSocket>>();
  WebSocketClientOptions options;
  options.url = server.url("/");
  server.pool.at(0).post([&] {
    connect_websocket(server.pool.at(0), options, [&, owner](auto result) {
      *owner = std::move(*result);
      WebSocket::Handlers handlers;
      handlers.on_text = [owner](std::string_view) {
        (*owner)->close(CloseCode::normal, "enough");
        owner->reset();
      };
      handlers.on_closed = [&codes](int code, std::string_view) { codes.put(code); };
      (*owner)->start(std::move(handlers));
      (*owner)->send_text("go");
    });
  });
  CHECK(codes.take() == 1000);
}

TEST_CASE("a socket can be started late, even after it was closed") {
  TestServer server;
  Mailbox<std::shared_ptr<WebSocket>> sockets;
  EventLoop& loop = server.pool.at(0);
  WebSocketClientOptions options;
  options.url = server.url("/");
  loop.post([&] {
    connect_websocket(loop, options, [&](auto result) { sockets.put(std::move(*result)); });
  });
  auto socket = sockets.take();
  bool close_first = false;
  SUBCASE("open") {}
  SUBCASE("closed") { close_first = true; }
  on_loop(loop, [&] {
    socket->send_text("early");
    if (close_first) socket->close(CloseCode::normal, "never mind");
  });
  if (close_first) CHECK(server.handler.closed.take().code == 1000);
  RecordedSocket recorded(socket);
  on_loop(loop, [&] { recorded.start(); });
  if (close_first) {
    const auto closed = recorded.take();
    CHECK(closed.kind == Kind::closed);
    CHECK(closed.code == 1000);
  } else {
    CHECK(recorded.take().data == "early");
  }
  socket.reset();
}

TEST_CASE("both sides may close at once") {
  RawPair pair;
  RecordedSocket client = connected(pair.server.pool.at(0), pair.server.url("/record"));
  RecordedSocket server_side = pair.server.handler.recorded.take();
  on_loop(client.loop(), [&] {
    client.socket().close(CloseCode::normal, "client");
    server_side.socket().close(CloseCode::going_away, "server");
  });
  CHECK(client.take().kind == Kind::closed);
  CHECK(server_side.take().kind == Kind::closed);
}
