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

TEST_CASE("without tokens everybody is admitted") {
  const server::Authenticator open({});
  CHECK_FALSE(open.required());
  CHECK(open.admits({}));
}

TEST_CASE("a token is accepted in every form that clients use, any of several") {
  const server::Authenticator auth({"first", "second"});
  CHECK(auth.admits(with_header("Authorization", "Bearer first")));
  CHECK(auth.admits(with_header("authorization", "bearer second")));
  CHECK(auth.admits(with_header("api-key", "second")));
  CHECK(auth.admits(with_query("token", "first")));
  CHECK(auth.admits(with_query("api-key", "second")));
  CHECK(auth.admits(
      with_header("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.first")));
}

TEST_CASE("anything else is refused") {
  const server::Authenticator auth({"first"});
  CHECK_FALSE(auth.admits({}));
  CHECK_FALSE(auth.admits(with_header("Authorization", "Bearer ")));
  CHECK_FALSE(auth.admits(with_header("Authorization", "Bearer firs")));
  CHECK_FALSE(auth.admits(with_header("Authorization", "Bearer first ")));
  CHECK_FALSE(auth.admits(with_header("Authorization", "Basic first")));
  CHECK_FALSE(auth.admits(with_header("api-key", "First")));
  CHECK_FALSE(auth.admits(with_query("token", "")));
  CHECK_FALSE(auth.admits(with_header("Sec-WebSocket-Protocol", "realtime")));
  CHECK_FALSE(auth.admits(with_header("Sec-WebSocket-Protocol", "openai-insecure-api-key.")));
}

}  // namespace
}  // namespace parley::tests
