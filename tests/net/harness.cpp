// SPDX-License-Identifier: MIT
#include "tests/net/harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace parley::net::test {

void RecordedSocket::start() {
  using Kind = SocketEvent::Kind;
  WebSocket::Handlers handlers;
  handlers.on_text = [events = events_](std::string_view frame) {
    events->put({Kind::text, std::string(frame)});
  };
  handlers.on_binary = [events = events_](std::string_view frame) {
    events->put({Kind::binary, std::string(frame)});
  };
  handlers.on_closed = [events = events_](int code, std::string_view reason) {
    events->put({Kind::closed, std::string(reason), code});
  };
  socket_->start(std::move(handlers));
}

void RecordedSocket::send_text(std::string frame) {
  loop().post([socket = socket_, frame = std::move(frame)] { socket->send_text(frame); });
}

void RecordedSocket::send_binary(std::string frame) {
  loop().post([socket = socket_, frame = std::move(frame)] { socket->send_binary(frame); });
}

void RecordedSocket::close(CloseCode code, std::string reason) {
  loop().post(
      [socket = socket_, code, reason = std::move(reason)] { socket->close(code, reason); });
}

void TestHandler::on_request(EventLoop&, HttpRequest request,
                             std::shared_ptr<HttpResponder> responder) {
  requests.put(request);
  if (request.path == "/hold") return held.put(std::move(responder));
  HttpResponse response;
  response.content_type = "text/plain";
  if (request.path == "/") {
    response.body = "hello";
    response.headers.emplace_back("X-Test", "yes");
    response.headers.emplace_back("X-Split", "a\r\nX-Smuggled: b");
  } else if (request.path == "/echo") {
    response.body = request.body;
  } else if (request.path == "/throw") {
    throw std::runtime_error("the handler's fault");
  } else {
    response.status = 404;
    response.body = "nothing here";
  }
  responder->respond(std::move(response));
}

UpgradeDecision TestHandler::on_upgrade(EventLoop&, const HttpRequest& request) {
  requests.put(request);
  UpgradeDecision decision;
  if (request.path == "/throw") throw std::runtime_error("the handler's fault");
  if (request.path == "/refuse") {
    decision.refusal.status = 401;
    decision.refusal.body = R"({"error":"no key"})";
    return decision;
  }
  decision.accept = true;
  for (const auto& word : request.subprotocols()) {
    if (word == "realtime") decision.subprotocol = word;
  }
  return decision;
}

void TestHandler::on_websocket(EventLoop& loop, const HttpRequest& request,
                               std::shared_ptr<WebSocket> socket) {
  if (on_socket_loop) on_socket_loop(loop);
  if (request.path.starts_with("/record")) {
    RecordedSocket record(std::move(socket));
    record.start();
    recorded.put(std::move(record));
    return;
  }
  WebSocket::Handlers handlers;
  // The pending read keeps the socket; a strong reference in its own handlers would be a circle
  // until on_closed, which is allowed as well.
  handlers.on_text = [socket](std::string_view frame) { socket->send_text(std::string(frame)); };
  handlers.on_binary = [socket](std::string_view frame) {
    socket->send_binary(std::string(frame));
  };
  if (request.path == "/throw-frame") {
    handlers.on_text = [](std::string_view) { throw std::runtime_error("the handler's fault"); };
  }
  handlers.on_closed = [this](int code, std::string_view reason) {
    closed.put({SocketEvent::Kind::closed, std::string(reason), code});
  };
  socket->start(std::move(handlers));
}

TestServer::TestServer(ServerOptions options, int loops) : pool(loops) {
  if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
  auto made = Server::create(pool, handler, std::move(options));
  if (!made) throw std::runtime_error(made.error().message);
  server = std::move(*made);
  pool.start();
}

int TestServer::port() const {
  const std::string text = address();
  return std::stoi(text.substr(text.rfind(':') + 1));
}

base::Result<RecordedSocket> connect(EventLoop& loop, WebSocketClientOptions options) {
  Mailbox<base::Result<RecordedSocket>> results;
  loop.post([&] {
    connect_websocket(loop, options, [&](base::Result<std::shared_ptr<WebSocket>> result) {
      if (!result) return results.put(tl::unexpected<base::Error>(result.error()));
      RecordedSocket record(std::move(*result));
      record.start();
      results.put(std::move(record));
    });
  });
  return results.take();
}

RecordedSocket connected(EventLoop& loop, const std::string& url) {
  WebSocketClientOptions options;
  options.url = url;
  auto result = connect(loop, std::move(options));
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(*result);
}

RawPeer RawPeer::from_socket(int fd) {
  if (fd < 0) throw std::runtime_error("no connection");
  const timeval patience{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  RawPeer peer;
  peer.fd_ = fd;
  return peer;
}

RawPeer::RawPeer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{60, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
}

RawPeer::~RawPeer() {
  if (fd_ >= 0) ::close(fd_);
}

bool RawPeer::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawPeer::send(std::string_view bytes) {
  if (!try_send(bytes)) throw std::runtime_error("the connection broke while sending");
}

std::string RawPeer::read_exactly(std::size_t bytes) {
  std::string data(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const auto got = ::recv(fd_, data.data() + have, bytes - have, 0);
    if (got <= 0) throw std::runtime_error("the connection ended while reading");
    have += static_cast<std::size_t>(got);
  }
  return data;
}

std::string RawPeer::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) head += read_exactly(1);
  return head;
}

std::string RawPeer::read_response() {
  std::string text = read_head();
  const auto field = text.find("Content-Length: ");
  if (field == std::string::npos) return text;
  return text + read_exactly(std::stoul(text.substr(field + 16)));
}

std::string RawPeer::read_to_end() {
  std::string data;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return data;
    data.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

bool RawPeer::read_to_reset() {
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return got < 0 && errno == ECONNRESET;
  }
}

void RawPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

void RawPeer::upgrade(const std::string& target, const std::string& more_headers) {
  send("GET " + target +
       " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
       more_headers + "\r\n");
  const std::string head = read_head();
  // The key and its answer are RFC 6455's own example.
  if (!head.starts_with("HTTP/1.1 101 ") ||
      head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == std::string::npos) {
    throw std::runtime_error("no upgrade: " + head);
  }
}

void RawPeer::send_frame(int opcode, std::string_view payload, bool final) {
  std::string frame;
  frame.push_back(static_cast<char>((final ? 0x80 : 0) | opcode));
  const int length_bytes = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  const std::size_t length =
      length_bytes == 0 ? payload.size() : static_cast<std::size_t>(length_bytes == 2 ? 126 : 127);
  frame.push_back(static_cast<char>(0x80U | length));
  for (int i = length_bytes - 1; i >= 0; --i) {
    frame.push_back(static_cast<char>(payload.size() >> static_cast<unsigned>(8 * i)));
  }
  frame.append(4, '\0');
  frame.append(payload);
  try_send(frame);  // the other side may have had enough of it
}

RawPeer::Frame RawPeer::read_frame() {
  const std::string head = read_exactly(2);
  std::size_t size = static_cast<unsigned char>(head[1]) & 0x7fU;
  if (size >= 126) {
    const std::string more = read_exactly(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : more) size = (size << 8U) | static_cast<unsigned char>(c);
  }
  return {static_cast<unsigned char>(head[0]) & 0x0f, read_exactly(size)};
}

int close_code(const RawPeer::Frame& frame) {
  if (frame.opcode != 8 || frame.payload.size() < 2) return -1;
  return static_cast<unsigned char>(frame.payload[0]) * 256 +
         static_cast<unsigned char>(frame.payload[1]);
}

}  // namespace parley::net::test
