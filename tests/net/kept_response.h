// SPDX-License-Identifier: MIT
// A responder that keeps the answer, for handlers that are asked directly.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/server.h"

namespace parley::net::test {

struct KeptResponse final : HttpResponder {
  void respond(HttpResponse whole) override {
    response = std::move(whole);
    ended = true;
  }
  void begin(HttpResponse head) override { response = std::move(head); }
  void write(std::string piece) override { response.body += piece; }
  void finish() override { ended = true; }
  void abort() override { aborted = true; }
  void on_closed(std::function<void()> handler) override { closed = std::move(handler); }
  std::size_t queued_bytes() const override { return 0; }

  HttpResponse response;
  bool ended = false;
  bool aborted = false;
  std::function<void()> closed;
};

}  // namespace parley::net::test
