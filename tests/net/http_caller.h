// SPDX-License-Identifier: MIT
// For tests of requests: a call on a loop of another thread and what came of it, and a peer whose
// side of the connection the test speaks by hand.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/http_client.h"
#include "tests/net/harness.h"

namespace parley::net::test {

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

inline HttpClientRequest get(const std::string& url) {
  HttpClientRequest request;
  request.method = "GET";
  request.url = url;
  return request;
}

}  // namespace parley::net::test
