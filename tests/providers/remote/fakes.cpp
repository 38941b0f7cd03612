// SPDX-License-Identifier: MIT
#include "tests/providers/remote/fakes.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include "net/http_client.h"
#include "tests/net/harness.h"

namespace parley::tests {

namespace {

using nlohmann::json;

const char* address() { return std::getenv("PARLEY_FAKES_URL"); }

}  // namespace

bool Fakes::present() { return address() != nullptr; }

std::string Fakes::url(const std::string& path) { return address() + path; }

Fakes::Fakes() {
  if (!present()) {
    throw std::runtime_error("run this test with: node tests/fakes/run.mjs -- TEST");
  }
  loops_.start();
  call("POST", "reset", json::object());
}

Fakes::~Fakes() { loops_.stop_and_join(); }

void Fakes::script(const std::string& provider, json more) {
  more["provider"] = provider;
  call("POST", "script", more);
}

void Fakes::fault(const std::string& provider, const std::string& kind, json more) {
  more["provider"] = provider;
  more["kind"] = kind;
  call("POST", "fault", more);
}

void Fakes::release(const std::string& provider) {
  call("POST", "release", {{"provider", provider}});
}

json Fakes::requests(const std::string& provider) {
  return call("GET", "requests?provider=" + provider, {});
}

json Fakes::addresses() { return call("GET", "addresses", {}); }

json Fakes::open() { return call("GET", "open", {}); }

json Fakes::wait(const std::string& provider, const std::string& state, int count) {
  return call("GET",
              "wait?timeout_ms=30000&provider=" + provider + "&state=" + state +
                  "&count=" + std::to_string(count),
              {});
}

json Fakes::call(const std::string& method, const std::string& target, const json& body) {
  struct Outcome {
    int status = 0;
    std::string text;
    std::string error;
  };
  net::test::Mailbox<Outcome> done;
  std::unique_ptr<net::HttpCall> running;
  Outcome outcome;
  net::EventLoop& loop = loops_.at(0);
  loop.post([&] {
    net::HttpClientRequest request;
    request.method = method;
    request.url = url("/control/" + target);
    if (!body.is_null()) {
      request.headers = {{"Content-Type", "application/json"}};
      request.body = body.dump();
    }
    request.timeouts = {std::chrono::seconds(10), std::chrono::seconds(60),
                        std::chrono::seconds(60), std::chrono::seconds(60)};
    net::HttpClientHandlers handlers;
    handlers.on_headers = [&](int status, const net::HeaderList&) { outcome.status = status; };
    handlers.on_body = [&](std::string_view piece) { outcome.text += piece; };
    handlers.on_done = [&](const base::Result<void>& result) {
      if (!result) outcome.error = result.error().message;
      done.put(outcome);
    };
    running = net::start_http(loop, std::move(request), std::move(handlers));
  });
  const Outcome got = done.take();
  net::test::on_loop(loop, [&] { running.reset(); });
  if (got.status != 200) {
    throw std::runtime_error("fakes: " + target + ": " + std::to_string(got.status) + " " +
                             got.error + got.text);
  }
  return json::parse(got.text);
}

}  // namespace parley::tests
