// SPDX-License-Identifier: MIT
#include "base/random.h"

#include <doctest/doctest.h>

#include <array>

#include "base/assert.h"
#include "base/time.h"

namespace parley::tests {
namespace {

TEST_CASE("a seed names its sequence, on every machine") {
  base::Random random(42);
  CHECK(random.next() == 1546998764402558742ULL);
  CHECK(random.next() == 6990951692964543102ULL);
  base::Random again(42);
  CHECK(again.next() == 1546998764402558742ULL);
  CHECK(base::Random(43).next() != 1546998764402558742ULL);
}

TEST_CASE("below() keeps its bound and reaches all of it") {
  base::Random random(7);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) ++seen.at(random.below(6));
  for (const int count : seen) CHECK(count > 800);
}

TEST_CASE("ids are made of letters and digits") {
  base::Random random(1);
  std::string id = "item_";
  random.append_base62(id, 21);
  CHECK(id.size() == 26);
  CHECK(id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
        std::string::npos);
}

TEST_CASE("a broken invariant throws with its place") {
  const auto break_it = [] { PARLEY_ASSERT(1 + 1 == 3); };
  try {
    break_it();
    FAIL("nothing was thrown");
  } catch (const base::InvariantBroken& broken) {
    CHECK(std::string(broken.what()).find("random_test.cpp") != std::string::npos);
    CHECK(std::string(broken.what()).find("1 + 1 == 3") != std::string::npos);
  }
}

TEST_CASE("audio time counts samples") {
  CHECK(base::AudioTime{24000}.milliseconds(24000) == 1000);
  CHECK(base::AudioTime{1}.milliseconds(16000) == 0);
  CHECK(base::AudioTime{1} < base::AudioTime{2});
}

}  // namespace
}  // namespace parley::tests
