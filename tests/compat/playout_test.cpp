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
  REQUIRE(heard);
  CHECK(heard->item_id == "item");
  CHECK(heard->ms == 450);
  CHECK_FALSE(playout.playing());
}

TEST_CASE("no more is heard than was sent, however long the carrier is silent") {
  Playout playout;
  playout.sent("item", 200, at(0));
  CHECK(playout.clear(at(5000))->ms == 200);
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
  CHECK(playout.clear(at(180))->item_id == "new");
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
  CHECK_FALSE(playout.clear(at(430)));
}

TEST_CASE("each item is counted from its own beginning") {
  Playout playout;
  const auto one = playout.sent("one", 500, at(0));
  playout.sent("two", 200, at(0));
  playout.returned(one, at(500));
  CHECK(playout.clear(at(600))->ms == 100);
}

}  // namespace
}  // namespace parley::compat
