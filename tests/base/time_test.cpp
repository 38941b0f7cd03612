// SPDX-License-Identifier: MIT
#include "base/time.h"

#include <doctest/doctest.h>

#include "base/result.h"

namespace parley::tests {
namespace {

TEST_CASE("instants are moved by durations and told apart by their order") {
  const base::Instant start{std::chrono::seconds(1)};
  const base::Instant later = start + base::Milliseconds(250);
  CHECK(start < later);
  CHECK(later - start == base::Milliseconds(250));
  CHECK(later - base::Milliseconds(250) == start);
}

TEST_CASE("audio time goes to whole milliseconds at any rate, and past an hour") {
  CHECK(base::AudioTime{12345}.milliseconds(8000) == 1543);
  CHECK(base::AudioTime{std::int64_t{48000} * 3600 * 24}.milliseconds(48000) == 86'400'000);
}

TEST_CASE("the monotonic clock does not go back, and the wall clock is after this was written") {
  const auto first = base::monotonic_now();
  CHECK(base::monotonic_now() >= first);
  CHECK(base::wall_now().unix_seconds > 1'700'000'000);
}

TEST_CASE("a fault of the outside travels as a value, with what it is about") {
  const auto port_of = [](int given) -> base::Result<int> {
    if (given > 65535) return base::fail("invalid_value", "No such port.", "server.port");
    return given;
  };
  CHECK(port_of(80) == 80);
  const auto failed = port_of(70000);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == "invalid_value");
  CHECK(failed.error().message == "No such port.");
  CHECK(failed.error().param == "server.port");
}

}  // namespace
}  // namespace parley::tests
