// SPDX-License-Identifier: MIT
// Host names are looked up without anybody waiting.
#include "net/detail/host_lookup.h"

#include <doctest/doctest.h>

#include "tests/net/harness.h"

namespace parley::net::test {
namespace {

using detail::HostLookup;

std::string code_of(const HostLookup::Found& found) { return found ? "" : found.error().code; }

// A name service that answers when the test says so.
struct SlowNames {
  HostLookup::Resolve resolve = [this](const std::string& host, const std::string& port) {
    asked.put(host);
    answers.take();
    auto found = HostLookup::ask_system("127.0.0.1", port);
    left.put(true);
    return found;
  };
  Mailbox<std::string> asked;
  Mailbox<bool> answers;
  Mailbox<bool> left;
};

TEST_CASE("addresses and this machine's name are found") {
  LoopPool pool(1);
  pool.start();
  Mailbox<HostLookup::Found> found;
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) {
    std::shared_ptr<HostLookup> lookup;
    on_loop(pool.at(0), [&] {
      lookup = std::make_shared<HostLookup>(pool.at(0));
      lookup->start(host, "80", [&](HostLookup::Found result) { found.put(std::move(result)); });
    });
    const auto result = found.take();
    REQUIRE(result);
    CHECK(result->front().address().is_loopback());
    CHECK(result->front().port() == 80);
    on_loop(pool.at(0), [&] { lookup.reset(); });
  }
}

TEST_CASE("a lookup that is cancelled ends at once, and its late answer reaches nobody") {
  SlowNames names;
  LoopPool pool(1);
  pool.start();
  Mailbox<std::string> codes;
  std::shared_ptr<HostLookup> lookup;
  on_loop(pool.at(0), [&] {
    lookup = std::make_shared<HostLookup>(pool.at(0), names.resolve);
    lookup->start("slow", "80",
                  [&](const HostLookup::Found& result) { codes.put(code_of(result)); });
  });
  CHECK(names.asked.take() == "slow");
  on_loop(pool.at(0), [&] { lookup->cancel(); });
  CHECK(codes.take() == "resolve_failed");
  names.answers.put(true);
  names.left.take();
  on_loop(pool.at(0), [&] { lookup.reset(); });
  CHECK(codes.empty());
}

TEST_CASE("a loop ends without waiting for a name") {
  SlowNames names;
  bool told = false;
  std::weak_ptr<HostLookup> watched;
  {
    LoopPool pool(1);
    pool.start();
    on_loop(pool.at(0), [&] {
      auto lookup = std::make_shared<HostLookup>(pool.at(0), names.resolve);
      watched = lookup;
      auto& borrowed = *lookup;
      borrowed.start("slow", "80", [&told, lookup](const HostLookup::Found&) { told = true; });
    });
    names.asked.take();
    pool.stop_and_join();  // while the name service is still thinking
    CHECK(watched.expired());
  }
  names.answers.put(true);
  names.left.take();
  CHECK_FALSE(told);
}

TEST_CASE("an answer finds its way to the loop") {
  SlowNames names;
  LoopPool pool(1);
  pool.start();
  Mailbox<std::string> codes;
  on_loop(pool.at(0), [&] {
    auto lookup = std::make_shared<HostLookup>(pool.at(0), names.resolve);
    auto& borrowed = *lookup;
    borrowed.start("slow", "80", [&codes, &pool, lookup](const HostLookup::Found& result) {
      CHECK(pool.at(0).in_loop());
      codes.put(code_of(result));
    });
  });
  names.answers.put(true);
  CHECK(codes.take().empty());
  names.left.take();
}

}  // namespace
}  // namespace parley::net::test
