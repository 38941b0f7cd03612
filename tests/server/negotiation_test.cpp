// SPDX-License-Identifier: MIT
#include "server/negotiation.h"

#include <doctest/doctest.h>

namespace parley::tests {
namespace {

using server::DialectKind;

net::HttpRequest offering(std::string protocols) {
  net::HttpRequest request;
  request.headers.emplace_back("Sec-WebSocket-Protocol", std::move(protocols));
  return request;
}

net::HttpRequest at(std::string path, net::HeaderList query = {}) {
  net::HttpRequest request;
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

TEST_CASE("a bare connection speaks GA, beta must be asked for") {
  for (const char* path : {"/v1/realtime", "/openai/v1/realtime"}) {
    auto request = at(path, {{"model", "m"}});
    CHECK(server::find_door(request)->dialect == DialectKind::openai_ga);
    CHECK(server::find_door(request)->model == "m");
    request.headers.emplace_back("Sec-WebSocket-Protocol", "realtime");
    CHECK(server::find_door(request)->dialect == DialectKind::openai_ga);
    request.headers[0].second = "realtime, openai-beta.realtime-v1";
    CHECK(server::find_door(request)->dialect == DialectKind::openai_beta);
    request.headers[0] = {"openai-beta", "realtime=v1"};
    CHECK(server::find_door(request)->dialect == DialectKind::openai_beta);
    request.headers[0].second = "assistants=v2";
    CHECK(server::find_door(request)->dialect == DialectKind::openai_ga);
  }
  CHECK(!server::find_door(at("/v1/models")));
}

TEST_CASE("Azure's preview route speaks beta and names a deployment") {
  const auto door = server::find_door(
      at("/openai/realtime", {{"api-version", "2025-04-01-preview"}, {"deployment", "my-model"}}));
  CHECK(door->dialect == DialectKind::azure_preview);
  CHECK(door->model == "my-model");
  CHECK(door->azure);
  CHECK(
      server::find_door(at("/openai/realtime", {{"api-version", "2024-10-01-preview"}}))->dialect ==
      DialectKind::azure_first_preview);
  CHECK(server::find_door(at("/openai/realtime"))->dialect == DialectKind::azure_preview);
}

TEST_CASE("nobody gets a session who asked for another thing") {
  const auto fault = [](const char* path, const char* name, const char* value) {
    return server::find_door(at(path, {{name, value}}))->fault;
  };
  CHECK(fault("/v1/realtime", "intent", "transcribe")->param == "intent");
  CHECK(fault("/v1/realtime", "call_id", "rtc_1")->param == "call_id");
  CHECK(fault("/openai/v1/realtime", "call_id", "rtc_1")->code == "invalid_value");
  CHECK(!fault("/v1/realtime", "intent", ""));
  CHECK(!fault("/v1/realtime", "intent", "transcription"));
  CHECK(!fault("/twilio", "call_id", "mine"));  // a carrier's own affair
}

TEST_CASE("an intent makes a transcription session") {
  CHECK(server::find_door(at("/v1/realtime", {{"intent", "transcription"}}))->type ==
        protocol::SessionType::transcription);
  CHECK(server::find_door(at("/v1/realtime", {{"intent", "conversation"}}))->type ==
        protocol::SessionType::realtime);
}

TEST_CASE(
    "one offered sub-protocol is selected, one that carries a secret only if nothing is left") {
  CHECK(server::choose_subprotocol({}).empty());
  CHECK(server::choose_subprotocol(offering("openai-insecure-api-key.secret, realtime")) ==
        "realtime");
  CHECK(server::choose_subprotocol(offering("openai-insecure-api-key.secret")) ==
        "openai-insecure-api-key.secret");  // row 27: a browser fails otherwise
  CHECK(server::choose_subprotocol(offering("chat")) == "chat");
  CHECK(server::choose_subprotocol(offering("openai-beta.realtime-v1")) ==
        "openai-beta.realtime-v1");
}

}  // namespace
}  // namespace parley::tests
