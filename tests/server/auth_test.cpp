// SPDX-License-Identifier: MIT
#include "server/auth.h"

#include <doctest/doctest.h>

namespace parley::tests {
namespace {

net::HttpRequest with_header(std::string name, std::string value) {
  net::HttpRequest request;
  request.headers.emplace_back(std::move(name), std::move(value));
  return request;
}

net::HttpRequest with_query(std::string name, std::string value) {
  net::HttpRequest request;
  request.query.emplace_back(std::move(name), std::move(value));
  return request;
}

constexpr base::WallTime kNow{1'800'000'000};

bool admits(const server::Authenticator& auth, const net::HttpRequest& request,
            base::WallTime now = kNow) {
  return auth.admit(request, now).has_value();
}

TEST_CASE("without tokens everybody is admitted") {
  const server::ClientSecrets secrets;
  const server::Authenticator open({}, secrets);
  CHECK_FALSE(open.required());
  CHECK(admits(open, {}));
}

TEST_CASE("a token is accepted in every form that clients use, any of several") {
  const server::ClientSecrets secrets;
  const server::Authenticator auth({"first", "second"}, secrets);
  CHECK(admits(auth, with_header("Authorization", "Bearer first")));
  CHECK(admits(auth, with_header("authorization", "bearer second")));
  CHECK(admits(auth, with_header("api-key", "second")));
  CHECK(admits(auth, with_query("token", "first")));
  CHECK(admits(auth, with_query("api-key", "second")));
  CHECK(admits(auth,
               with_header("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.first")));
}

TEST_CASE("anything else is refused") {
  const server::ClientSecrets secrets;
  const server::Authenticator auth({"first"}, secrets);
  CHECK_FALSE(admits(auth, {}));
  CHECK_FALSE(admits(auth, with_header("Authorization", "Bearer ")));
  CHECK_FALSE(admits(auth, with_header("Authorization", "Bearer firs")));
  CHECK_FALSE(admits(auth, with_header("Authorization", "Bearer first ")));
  CHECK_FALSE(admits(auth, with_header("Authorization", "Basic first")));
  CHECK_FALSE(admits(auth, with_header("api-key", "First")));
  CHECK_FALSE(admits(auth, with_query("token", "")));
  CHECK_FALSE(admits(auth, with_header("Sec-WebSocket-Protocol", "realtime")));
  CHECK_FALSE(admits(auth, with_header("Sec-WebSocket-Protocol", "openai-insecure-api-key.")));
}

// ---- client secrets ----------------------------------------------------------------------------

TEST_CASE("a client secret admits until it expires, and carries its session") {
  server::ClientSecrets secrets;
  const server::Authenticator auth({"own"}, secrets);
  protocol::SessionPatch session;
  session.instructions = "Be brief.";
  const auto secret = secrets.issue(session, 60, kNow);
  REQUIRE(secret);
  CHECK(secret->value.starts_with("ek_"));
  CHECK(secret->expires_at.unix_seconds == kNow.unix_seconds + 60);
  const auto request = with_header("Authorization", "Bearer " + secret->value);
  const auto admission = auth.admit(request, {kNow.unix_seconds + 59});
  REQUIRE(admission);
  REQUIRE(admission->secret);
  CHECK(admission->secret->instructions == "Be brief.");
  CHECK_FALSE(admits(auth, request, {kNow.unix_seconds + 60}));
  CHECK_FALSE(auth.admit(with_header("Authorization", "Bearer own"), kNow)->secret);
}

TEST_CASE("a secret that was changed, or made elsewhere, is refused even by an open server") {
  server::ClientSecrets secrets;
  const server::Authenticator open({}, secrets);
  const auto value = secrets.issue({}, 60, kNow)->value;
  CHECK(admits(open, with_query("token", value)));
  for (std::size_t i = 3; i < value.size(); ++i) {
    auto forged = value;
    forged[i] = forged[i] == '0' ? '1' : '0';
    CHECK_FALSE(admits(open, with_query("token", forged)));
  }
  CHECK_FALSE(admits(open, with_query("token", value.substr(0, value.size() - 1))));
  CHECK_FALSE(admits(open, with_query("token", "ek_")));
  server::ClientSecrets others;
  CHECK_FALSE(admits(open, with_query("token", others.issue({}, 60, kNow)->value)));
}

TEST_CASE("expired secrets make room for new ones") {
  server::ClientSecrets secrets;
  for (std::size_t i = 0; i < server::ClientSecrets::kSecretsMax; ++i) {
    REQUIRE(secrets.issue({}, 10, kNow));
  }
  const auto refused = secrets.issue({}, 10, kNow);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "rate_limit_exceeded");
  CHECK(secrets.issue({}, 10, {kNow.unix_seconds + 11}));
}

}  // namespace
}  // namespace parley::tests
