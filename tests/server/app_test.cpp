// SPDX-License-Identifier: MIT
// The routes, asked directly; what happens on open sockets is in tests/transport and tests/e2e.
#include "server/app.h"

#include <doctest/doctest.h>
#include <spdlog/logger.h>

#include <algorithm>

namespace parley::tests {
namespace {

struct Fixture {
  explicit Fixture(config::Options given = {})
      : app(pool, given, {}, std::make_shared<spdlog::logger>("silent")) {}

  net::HttpResponse ask(std::string method, std::string path, net::HeaderList headers = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = std::move(headers);
    return app.on_request(pool.at(0), request);
  }
  net::UpgradeDecision upgrade(std::string path) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = std::move(path);
    return app.on_upgrade(pool.at(0), request);
  }

  net::LoopPool pool{1};
  server::App app;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string header_of(const net::HttpResponse& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == response.headers.end() ? "" : found->second;
}

TEST_CASE("health and models are answered") {
  Fixture fixture;
  CHECK(fixture.ask("GET", "/healthz").status == 200);
  const auto models = fixture.ask("GET", "/v1/models");
  CHECK(models.status == 200);
  CHECK(has(models.body, R"("object":"list")"));
  CHECK(has(models.body, R"("id":"parley")"));
  CHECK(has(fixture.ask("GET", "/v1/models/parley").body, R"("object":"model")"));
  const auto unknown = fixture.ask("GET", "/v1/models/nope");
  CHECK(unknown.status == 404);
  CHECK(has(unknown.body, R"("code":"model_not_found")"));
}

TEST_CASE("mistakes get OpenAI's error body") {
  Fixture fixture;
  const auto lost = fixture.ask("GET", "/v2/nothing");
  CHECK(lost.status == 404);
  CHECK(has(lost.body, R"("type":"invalid_request_error")"));
  CHECK(fixture.ask("POST", "/v1/models").status == 405);
  CHECK(fixture.ask("GET", "/v1/realtime").status == 426);
}

TEST_CASE("browsers may call: preflight and origin") {
  Fixture fixture;
  const auto preflight = fixture.ask("OPTIONS", "/v1/models");
  CHECK(preflight.status == 204);
  CHECK(has(header_of(preflight, "Access-Control-Allow-Headers"), "Authorization"));
  CHECK(header_of(fixture.ask("GET", "/v1/models"), "Access-Control-Allow-Origin") == "*");
}

TEST_CASE("with tokens the API needs one and the health check does not") {
  config::Options options;
  options.server.tokens = {"secret"};
  Fixture fixture(options);
  CHECK(fixture.ask("GET", "/healthz").status == 200);
  const auto refused = fixture.ask("GET", "/v1/models");
  CHECK(refused.status == 401);
  CHECK(has(refused.body, R"("code":"invalid_api_key")"));
  CHECK_FALSE(has(refused.body, "secret"));
  CHECK(fixture.ask("GET", "/v1/models", {{"Authorization", "Bearer secret"}}).status == 200);
}

TEST_CASE("an upgrade elsewhere than at the endpoint is answered like any request") {
  Fixture fixture;
  CHECK(fixture.upgrade("/v1/realtime").accept);
  CHECK_FALSE(fixture.upgrade("/v1/models").accept);
  CHECK(fixture.upgrade("/v1/models").refusal.status == 200);
  CHECK(fixture.upgrade("/nothing").refusal.status == 404);
}

TEST_CASE("a server that shuts down takes no new session") {
  Fixture fixture;
  fixture.app.shut_down();
  CHECK(fixture.upgrade("/v1/realtime").refusal.status == 503);
}

}  // namespace
}  // namespace parley::tests
