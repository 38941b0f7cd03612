// SPDX-License-Identifier: MIT
#include "providers/remote/breaker.h"

#include <doctest/doctest.h>

namespace parley::tests {
namespace {

using engine::Failure;
using engine::FailureKind;
using providers::remote::Breaker;
using std::chrono::seconds;

constexpr base::Instant kStart{seconds(1000)};

Failure failure(FailureKind kind, std::optional<base::Milliseconds> retry_after = {}) {
  return {"server_error", "llm.fast failed", kind, retry_after};
}

TEST_CASE("a circuit opens after five failures in a row, for a second that doubles") {
  Breaker breaker;
  breaker.failed(failure(FailureKind::unavailable), kStart);
  breaker.failed(failure(FailureKind::timeout), kStart);
  CHECK_FALSE(breaker.refused(kStart));
  breaker.succeeded();
  for (int i = 0; i < 4; ++i) breaker.failed(failure(FailureKind::overloaded), kStart);
  CHECK_FALSE(breaker.refused(kStart));
  breaker.failed(failure(FailureKind::overloaded), kStart);
  REQUIRE(breaker.refused(kStart));
  CHECK(*breaker.refused(kStart) == seconds(1));
  CHECK(breaker.last_failure().kind == FailureKind::overloaded);

  const base::Instant later = kStart + seconds(1);
  CHECK_FALSE(breaker.refused(later));
  breaker.failed(failure(FailureKind::unavailable), later);
  CHECK(*breaker.refused(later) == seconds(2));
}

TEST_CASE("while one request tries a circuit that was open, the others wait for it") {
  Breaker breaker;
  breaker.failed(failure(FailureKind::rate_limited, seconds(3)), kStart);
  CHECK(*breaker.refused(kStart + seconds(1)) == seconds(2));
  CHECK_FALSE(breaker.refused(kStart + seconds(3)));
  CHECK(breaker.refused(kStart + seconds(3)));

  SUBCASE("its success closes the circuit") {
    breaker.succeeded();
    CHECK_FALSE(breaker.refused(kStart + seconds(3)));
  }
  SUBCASE("when its outcome never comes, the next one tries") {
    CHECK_FALSE(breaker.refused(kStart + seconds(3) + Breaker::kProbeInterval));
  }
  SUBCASE("its failure opens the circuit again") {
    breaker.failed(failure(FailureKind::rate_limited, seconds(9)), kStart + seconds(3));
    CHECK(*breaker.refused(kStart + seconds(3)) == seconds(9));
  }
}

TEST_CASE("a rate limit opens the circuit at once, for as long as was asked, at most 30 s") {
  Breaker breaker;
  breaker.failed(failure(FailureKind::rate_limited), kStart);
  CHECK(*breaker.refused(kStart) == seconds(1));
  breaker.failed(failure(FailureKind::rate_limited, seconds(7)), kStart);
  CHECK(*breaker.refused(kStart) == seconds(7));
  breaker.failed(failure(FailureKind::rate_limited, seconds(900)), kStart);
  CHECK(*breaker.refused(kStart) == seconds(30));
}

TEST_CASE("a key that is refused again and again, or a used-up quota, opens it for longer") {
  Breaker auth;
  Breaker quota;
  for (int i = 0; i < Breaker::kFailuresMax; ++i) {
    CHECK_FALSE(auth.refused(kStart));
    auth.failed(failure(FailureKind::auth), kStart);
    CHECK_FALSE(quota.refused(kStart));
    quota.failed(failure(FailureKind::quota), kStart);
  }
  CHECK(*auth.refused(kStart) == seconds(10));
  CHECK(*quota.refused(kStart) == seconds(60));
}

TEST_CASE("a refused key among other failures counts as one of them") {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.failed(failure(FailureKind::unavailable), kStart);
  breaker.failed(failure(FailureKind::auth), kStart);
  CHECK(*breaker.refused(kStart) == seconds(1));
}

TEST_CASE("requests that would fail anywhere say nothing about the engine") {
  Breaker breaker;
  for (int i = 0; i < 9; ++i) {
    breaker.failed(failure(FailureKind::invalid_request), kStart);
    breaker.failed(failure(FailureKind::content_filter), kStart);
  }
  CHECK_FALSE(breaker.refused(kStart));
}

}  // namespace
}  // namespace parley::tests
