// SPDX-License-Identifier: MIT
#include "compat/telephony/playout.h"

#include <doctest/doctest.h>

#include <chrono>

namespace parley::compat {
namespace {

using std::chrono::milliseconds;

base::Instant at(int ms) { return base::Instant{} + milliseconds(ms); }

TEST_CASE("marks that came back say what was heard, time says how much of the next piece") {
  Playout playout;
  const auto first = playout.sent("item", 200, at(0));
  const auto second = playout.sent("item", 400, at(100));
  playout.sent("item", 600, at(200));
  playout.returned(first, at(250));
  playout.returned(second, at(450));
  CHECK(playout.playing());
  const auto heard = playout.clear(at(500));
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].item_id == "item");
  CHECK(heard[0].ms == 450);
  CHECK_FALSE(playout.playing());
}

TEST_CASE("no more is heard than was sent, however long the carrier is silent") {
  Playout playout;
  playout.sent("item", 200, at(0));
  CHECK(playout.clear(at(5000)).at(0).ms == 200);
}

TEST_CASE("marks that come back because of a clear say nothing") {
  Playout playout;
  const auto first = playout.sent("old", 200, at(0));
  const auto second = playout.sent("old", 400, at(0));
  playout.clear(at(100));
  playout.sent("new", 200, at(150));
  playout.returned(first, at(160));
  playout.returned(second, at(160));
  CHECK(playout.playing());
  CHECK(playout.clear(at(180)).at(0).item_id == "new");
}

TEST_CASE("a mark that was lost is over with the next, a foreign one is let be") {
  Playout playout;
  playout.sent("item", 200, at(0));
  const auto second = playout.sent("item", 400, at(0));
  playout.returned("somebody's", at(10));
  playout.returned("parley-", at(10));
  playout.returned("parley-x", at(10));
  CHECK(playout.playing());
  playout.returned(second, at(420));
  CHECK_FALSE(playout.playing());
  CHECK(playout.clear(at(430)).empty());
}

TEST_CASE("each item is counted from its own beginning") {
  Playout playout;
  const auto one = playout.sent("one", 500, at(0));
  playout.sent("two", 200, at(0));
  playout.returned(one, at(500));
  CHECK(playout.clear(at(600)).at(0).ms == 100);
}

TEST_CASE("what waited behind the item that was playing was not heard") {
  Playout playout;
  const auto first = playout.sent("one", 100, at(0));
  playout.sent("one", 300, at(0));
  playout.sent("two", 200, at(0));
  playout.returned(first, at(100));
  const auto heard = playout.clear(at(9000));
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].ms == 300);
  CHECK(heard[1].item_id == "two");
  CHECK(heard[1].ms == 0);
}

TEST_CASE("without any mark, time alone tells what was heard") {
  Playout playout;
  playout.sent("one", 100, at(0));
  playout.sent("one", 300, at(0));
  playout.sent("one", 500, at(0));
  CHECK(playout.clear(at(250)).at(0).ms == 250);
}

TEST_CASE("a mark that was never sent says nothing") {
  Playout playout;
  playout.sent("one", 100, at(0));
  playout.returned("parley-2", at(10));
  CHECK(playout.playing());
}

}  // namespace
}  // namespace parley::compat
