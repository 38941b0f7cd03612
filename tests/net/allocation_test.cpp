// SPDX-License-Identifier: MIT
// Goal: receiving a frame allocates nothing once warm. Method: this program's operator new counts
// the calls of one thread, the loop's, between two frames of many.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#include "tests/net/harness.h"

namespace {

thread_local std::int64_t allocations = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace parley::net;
using namespace parley::net::test;

namespace {

class CountingHandler : public ServerHandler {
 public:
  static constexpr int kWarmFrames = 100;
  static constexpr int kFrames = 1000;

  void on_request(EventLoop&, HttpRequest, std::shared_ptr<HttpResponder>) override {}
  UpgradeDecision on_upgrade(EventLoop&, const HttpRequest&) override {
    UpgradeDecision decision;
    decision.accept = true;
    return decision;
  }
  void on_websocket(EventLoop&, const HttpRequest&, std::shared_ptr<WebSocket> socket) override {
    WebSocket::Handlers handlers;
    handlers.on_text = [this](std::string_view) {
      ++frames_;
      if (frames_ == kWarmFrames) before_ = allocations;
      if (frames_ == kFrames) counted.put(allocations - before_);
    };
    socket->start(std::move(handlers));
  }

  Mailbox<std::int64_t> counted;

 private:
  int frames_ = 0;
  std::int64_t before_ = 0;
};

}  // namespace

TEST_CASE("receiving frames allocates nothing once warm") {
  CountingHandler handler;
  LoopPool pool(1);
  ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  const auto server = Server::create(pool, handler, options);
  REQUIRE(server);
  pool.start();
  const std::string address = (*server)->addresses().at(0);
  RawPeer peer(std::stoi(address.substr(address.rfind(':') + 1)));
  peer.upgrade("/");
  const std::string frame(1400, 'x');  // 20 ms of 24 kHz PCM16 in base64 and JSON
  for (int i = 0; i < CountingHandler::kFrames; ++i) peer.send_frame(1, frame);
  CHECK(handler.counted.take() == 0);
  pool.stop_and_join();
}
