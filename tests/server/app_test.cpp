// SPDX-License-Identifier: MIT
// The routes, asked directly; what happens on open sockets is in tests/transport and tests/e2e.
#include "server/app.h"

#include <doctest/doctest.h>
#include <spdlog/logger.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/net/kept_response.h"
#include "tests/server/silent_engines.h"

namespace parley::tests {
namespace {

struct Fixture {
  explicit Fixture(config::Options given = {})
      : app(pool, given, catalog, std::make_shared<spdlog::logger>("silent")) {}

  net::HttpResponse ask(std::string method, std::string path, net::HeaderList headers = {},
                        std::string body = {}) {
    net::HttpRequest request;
    request.body = std::move(body);
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = std::move(headers);
    const auto kept = std::make_shared<net::test::KeptResponse>();
    app.on_request(pool.at(0), std::move(request), kept);
    return kept->response;
  }
  net::UpgradeDecision upgrade(std::string path) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = std::move(path);
    return app.on_upgrade(pool.at(0), request);
  }

  net::LoopPool pool{1};
  SilentEngines engines;
  engine::Catalog catalog = engines.catalog({"parley", "other"});
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

TEST_CASE("the page is served with its policy, its files for good") {
  Fixture fixture;
  const auto page = fixture.ask("GET", "/");
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(header_of(page, "Cache-Control") == "no-cache");
  CHECK(has(header_of(page, "Content-Security-Policy"), "default-src 'none'"));
  const auto src = page.body.find("/assets/");
  REQUIRE(src != std::string::npos);
  const std::string path = page.body.substr(src, page.body.find('"', src) - src);
  const auto file = fixture.ask("GET", path);
  CHECK(file.status == 200);
  CHECK(has(header_of(file, "Cache-Control"), "immutable"));
  CHECK(fixture.ask("GET", path, {{"If-None-Match", header_of(file, "ETag")}}).status == 304);
  const auto small = fixture.ask("GET", path, {{"Accept-Encoding", "br, gzip"}});
  CHECK(header_of(small, "Content-Encoding") == "gzip");
  CHECK(small.body.size() < file.body.size());
  CHECK(fixture.ask("POST", "/").status == 405);
  CHECK(fixture.ask("GET", "/assets/none.js").status == 404);
}

TEST_CASE("row 12: a folder is served at / and /static, and nothing outside of it") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("parley-static-" + std::to_string(getpid()));
  fs::create_directories(folder / "static");
  std::ofstream(folder / "index.html") << "<p>page</p>";
  std::ofstream(folder / "app.js") << "run()";
  std::ofstream(folder / "static" / "own.css") << "p{}";
  std::ofstream(folder / ".secret") << "no";
  fs::create_symlink("/etc/passwd", folder / "link.txt");
  config::Options options;
  options.compat.static_dir = folder.string();
  Fixture fixture(options);
  CHECK(fixture.ask("GET", "/").body == "<p>page</p>");
  CHECK(fixture.ask("GET", "/").content_type == "text/html; charset=utf-8");
  CHECK(fixture.ask("GET", "/static/app.js").body == "run()");
  CHECK(fixture.ask("GET", "/app.js").content_type == "text/javascript; charset=utf-8");
  CHECK(fixture.ask("GET", "/static/own.css").body == "p{}");
  for (const char* path : {"/.secret", "/static/.secret", "/../etc/passwd", "/static/../.secret",
                           "/link.txt", "/static/none.js", "/static"}) {
    CAPTURE(path);
    const auto answer = fixture.ask("GET", path);
    CHECK(answer.status == 404);
  }
  CHECK(fixture.ask("GET", "/health").status == 200);
  CHECK(fixture.ask("GET", "/v1/models").status == 200);
  fs::remove_all(folder);
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

  const auto allowed = [&fixture](const std::string& wanted) {
    return header_of(
        fixture.ask("OPTIONS", "/v1/models", {{"Access-Control-Request-Headers", wanted}}),
        "Access-Control-Allow-Headers");
  };
  CHECK(has(allowed("authorization, x-stainless-os"), "x-stainless-os"));
  CHECK_FALSE(has(allowed("x-evil: 1"), "evil"));
  CHECK_FALSE(has(allowed(std::string(2000, 'x')), "xxx"));
}

TEST_CASE("with tokens the API needs one and the health check does not") {
  config::Options options;
  options.server.tokens = {"hunter2"};
  Fixture fixture(options);
  CHECK(fixture.ask("GET", "/healthz").status == 200);
  const auto refused = fixture.ask("GET", "/v1/models");
  CHECK(refused.status == 401);
  CHECK(has(refused.body, R"("code":"invalid_api_key")"));
  CHECK_FALSE(has(refused.body, "hunter2"));
  CHECK(fixture.ask("GET", "/v1/models", {{"Authorization", "Bearer hunter2"}}).status == 200);
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

// ---- client secrets ----------------------------------------------------------------------------

TEST_CASE("a client secret shows the session that it will open") {
  Fixture fixture;
  const auto made = fixture.ask("POST", "/v1/realtime/client_secrets", {}, R"({
      "expires_after": {"anchor": "created_at", "seconds": 30},
      "session": {"type": "realtime", "model": "other", "instructions": "Be brief.",
                  "audio": {"output": {"voice": "echo"}}}})");
  CHECK(made.status == 200);
  CHECK(has(made.body, R"({"value":"ek_)"));
  CHECK(has(made.body, R"("type":"realtime","object":"realtime.session","id":"sess_)"));
  CHECK(has(made.body, R"("model":"other")"));
  CHECK(has(made.body, R"("instructions":"Be brief.")"));
  CHECK(has(made.body, R"("voice":"echo")"));
  CHECK(has(made.body, R"("turn_detection":{"type":"server_vad")"));
  CHECK(header_of(made, "Cache-Control") == "no-store");
  CHECK(fixture.ask("POST", "/v1/realtime/client_secrets").status == 200);
  CHECK(fixture.ask("POST", "/openai/v1/realtime/client_secrets").status == 200);
  CHECK(fixture.ask("GET", "/v1/realtime/client_secrets").status == 405);
}

TEST_CASE("mistakes in a client secret's request name their field") {
  Fixture fixture;
  const auto param = [&](std::string body) {
    const auto refused = fixture.ask("POST", "/v1/realtime/client_secrets", {}, std::move(body));
    CHECK(refused.status == 400);
    return refused.body;
  };
  CHECK(has(param("{"), R"("code":"invalid_json")"));
  CHECK(has(param("[]"), R"("code":"invalid_type")"));
  CHECK(has(param(R"({"expires_after":{"seconds":9}})"), R"("param":"expires_after.seconds")"));
  CHECK(has(param(R"({"expires_after":{"seconds":7201}})"), R"("param":"expires_after.seconds")"));
  CHECK(has(param(R"({"expires_after":{"anchor":"now","seconds":60}})"),
            R"("param":"expires_after.anchor")"));
  CHECK(has(param(R"({"session":{"model":"x"}})"), R"("param":"session.type")"));
  CHECK(has(param(R"({"session":{"type":"realtime","voice":"alloy"}})"),
            R"("param":"session.voice")"));
  CHECK(has(param(R"({"sesion":{}})"), R"("param":"sesion")"));
}

TEST_CASE("the beta's sessions hold their secret") {
  Fixture fixture;
  const auto made = fixture.ask("POST", "/v1/realtime/sessions", {},
                                R"({"model":"other","modalities":["text"],"voice":"echo"})");
  CHECK(made.status == 200);
  CHECK(has(made.body, R"("object":"realtime.session")"));
  CHECK(has(made.body, R"("client_secret":{"value":"ek_)"));
  CHECK(has(made.body, R"("modalities":["text"])"));
  const auto transcription = fixture.ask("POST", "/v1/realtime/transcription_sessions", {},
                                         R"({"input_audio_transcription":{"model":"whisper-1"}})");
  CHECK(transcription.status == 200);
  CHECK(has(transcription.body, R"("object":"realtime.transcription_session")"));
  CHECK(has(transcription.body, R"("client_secret":{"value":"ek_)"));
  CHECK(fixture.ask("POST", "/openai/realtimeapi/sessions", {}, "{}").status == 200);
}

TEST_CASE("a client secret opens sessions, and nothing that makes more of them") {
  config::Options options;
  options.server.tokens = {"own"};
  Fixture fixture(options);
  CHECK(fixture.ask("POST", "/v1/realtime/client_secrets").status == 401);
  const auto made =
      fixture.ask("POST", "/v1/realtime/client_secrets", {{"Authorization", "Bearer own"}});
  REQUIRE(made.status == 200);
  const auto begin = made.body.find("ek_");
  const auto key = made.body.substr(begin, made.body.find('"', begin) - begin);
  const net::HeaderList with_secret = {{"Authorization", "Bearer " + key}};
  CHECK(fixture.ask("GET", "/v1/models", with_secret).status == 200);
  CHECK(fixture.ask("POST", "/v1/realtime/client_secrets", with_secret).status == 401);
}

// ---- models ------------------------------------------------------------------------------------

TEST_CASE("unknown models are served by the default one unless the server refuses them") {
  config::Options options;
  Fixture lenient(options);
  CHECK(lenient.upgrade("/openai/realtime").accept);
  options.server.unknown_models = "refuse";
  Fixture strict(options);
  const auto refused = strict.upgrade("/openai/realtime");
  CHECK_FALSE(refused.accept);
  CHECK(refused.refusal.status == 404);
  CHECK(has(refused.refusal.body, "DeploymentNotFound"));
  CHECK(has(strict
                .ask("POST", "/v1/realtime/client_secrets", {},
                     R"({"session":{"type":"realtime","model":"gpt-none"}})")
                .body,
            R"("code":"invalid_model")"));
}

}  // namespace
}  // namespace parley::tests
