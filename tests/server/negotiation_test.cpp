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

TEST_CASE("a bare connection speaks GA, beta must be asked for") {
  CHECK(server::choose_dialect({}) == DialectKind::openai_ga);
  CHECK(server::choose_dialect(offering("realtime")) == DialectKind::openai_ga);
  CHECK(server::choose_dialect(offering("realtime, openai-beta.realtime-v1")) ==
        DialectKind::openai_beta);
  net::HttpRequest header;
  header.headers.emplace_back("openai-beta", "realtime=v1");
  CHECK(server::choose_dialect(header) == DialectKind::openai_beta);
  header.headers[0].second = "assistants=v2";
  CHECK(server::choose_dialect(header) == DialectKind::openai_ga);
}

TEST_CASE("one offered sub-protocol is selected, never one that carries a secret") {
  CHECK(server::choose_subprotocol({}).empty());
  CHECK(server::choose_subprotocol(offering("openai-insecure-api-key.secret, realtime")) ==
        "realtime");
  CHECK(server::choose_subprotocol(offering("openai-insecure-api-key.secret")).empty());
  CHECK(server::choose_subprotocol(offering("chat")) == "chat");
  CHECK(server::choose_subprotocol(offering("openai-beta.realtime-v1")) ==
        "openai-beta.realtime-v1");
}

}  // namespace
}  // namespace parley::tests
