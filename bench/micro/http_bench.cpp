// SPDX-License-Identifier: MIT
// What the HTTP client adds to a request's first byte: start_http() to on_headers over a warm
// connection, beside a blocking socket that asks the same server. Both take turns in one run. On
// loopback, in microseconds: the median, and the 99th percentile.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "net/server.h"

namespace {

using namespace parley;
using Clock = std::chrono::steady_clock;

constexpr int kWarmUp = 200;
constexpr int kRequests = 3000;
constexpr const char* kAnswer = "hello";

class Greeter final : public net::ServerHandler {
 public:
  void on_request(net::EventLoop&, net::HttpRequest,
                  std::shared_ptr<net::HttpResponder> responder) override {
    net::HttpResponse response;
    response.body = kAnswer;
    responder->respond(std::move(response));
  }
  net::UpgradeDecision on_upgrade(net::EventLoop&, const net::HttpRequest&) override { return {}; }
  void on_websocket(net::EventLoop&, const net::HttpRequest&,
                    std::shared_ptr<net::WebSocket>) override {}
};

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

// On the loop's thread, as a session would ask.
double by_client(net::EventLoop& loop, const std::string& url) {
  std::promise<void> done;
  std::unique_ptr<net::HttpCall> call;
  double first_byte_us = 0;
  loop.post([&] {
    net::HttpClientRequest request;
    request.method = "GET";
    request.url = url;
    const auto begin = Clock::now();
    net::HttpClientHandlers handlers;
    handlers.on_headers = [&, begin](int, const net::HeaderList&) {
      first_byte_us = microseconds_since(begin);
    };
    handlers.on_done = [&](const base::Result<void>& result) {
      if (!result) std::abort();
      call.reset();
      done.set_value();
    };
    call = net::start_http(loop, std::move(request), std::move(handlers));
  });
  done.get_future().wait();
  return first_byte_us;
}

class BlockingSocket {
 public:
  explicit BlockingSocket(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  }
  ~BlockingSocket() { close(fd_); }
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;

  double ask() {
    constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const auto begin = Clock::now();
    if (send(fd_, kRequest.data(), kRequest.size(), 0) < 0) std::abort();
    std::string answer;
    double first_byte_us = 0;
    while (!answer.ends_with(kAnswer)) {
      const auto got = recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) std::abort();
      if (answer.empty()) first_byte_us = microseconds_since(begin);
      answer.append(buffer_.data(), static_cast<std::size_t>(got));
    }
    return first_byte_us;
  }

 private:
  int fd_;
  std::array<char, 4096> buffer_{};
};

void print(const char* name, std::vector<double> values) {
  std::ranges::sort(values);
  std::printf("%-18s median %7.1f us   p99 %7.1f us\n", name, values[values.size() / 2],
              values[values.size() * 99 / 100]);
}

}  // namespace

int main() {
  Greeter greeter;
  net::LoopPool server_pool(1);
  net::LoopPool client_pool(1);
  net::ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  const auto server = net::Server::create(server_pool, greeter, options);
  if (!server) return 1;
  server_pool.start();
  client_pool.start();
  const std::string address = (*server)->addresses().at(0);
  BlockingSocket socket(std::stoi(address.substr(address.rfind(':') + 1)));
  std::vector<double> client_us;
  std::vector<double> socket_us;
  for (int i = 0; i < kWarmUp + kRequests; ++i) {
    const double by_socket = socket.ask();
    const double client = by_client(client_pool.at(0), "http://" + address + "/");
    if (i < kWarmUp) continue;
    socket_us.push_back(by_socket);
    client_us.push_back(client);
  }
  print("blocking socket", std::move(socket_us));
  print("start_http()", std::move(client_us));
  client_pool.stop_and_join();
  server_pool.stop_and_join();
  return 0;
}
