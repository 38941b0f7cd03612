// SPDX-License-Identifier: MIT
#include "server/negotiation.h"

#include <algorithm>

namespace parley::server {

namespace {

constexpr std::string_view kBetaProtocol = "openai-beta.realtime-v1";

// The first dated version; later ones have the events that it lacked.
constexpr std::string_view kFirstPreview = "2024-10-01-preview";

bool asks_for_beta(const net::HttpRequest& request) {
  const auto offered = request.subprotocols();
  return request.header("OpenAI-Beta").find("realtime=v1") != std::string_view::npos ||
         std::find(offered.begin(), offered.end(), kBetaProtocol) != offered.end();
}

}  // namespace

std::optional<Door> find_door(const net::HttpRequest& request) {
  Door door;
  if (request.path == "/openai/realtime") {
    door.azure = true;
    door.dialect = request.query_value("api-version") == kFirstPreview
                       ? DialectKind::azure_first_preview
                       : DialectKind::openai_beta;
    door.model =
        request.query_value("deployment").value_or(request.query_value("model").value_or(""));
  } else if (request.path == "/v1/realtime" || request.path == "/openai/v1/realtime") {
    door.azure = request.path != "/v1/realtime";
    if (asks_for_beta(request)) door.dialect = DialectKind::openai_beta;
    door.model = request.query_value("model").value_or("");
  } else if (request.path == "/v1/realtime/translations" ||
             request.path == "/openai/v1/realtime/translations") {
    door.azure = request.path != "/v1/realtime/translations";
    door.translation = true;
    door.model = request.query_value("model").value_or("");
  } else {
    return std::nullopt;
  }
  door.metrics = request.query_value("parley.events") == "metrics";
  if (request.query_value("intent") == "transcription") {
    door.type = protocol::SessionType::transcription;
  }
  return door;
}

std::unique_ptr<protocol::Dialect> make_dialect(DialectKind kind) {
  switch (kind) {
    case DialectKind::openai_ga:
      return protocol::make_openai_ga();
    case DialectKind::openai_beta:
      return protocol::make_openai_beta();
    case DialectKind::azure_first_preview:
      return protocol::make_azure_first_preview();
  }
  return nullptr;
}

std::string choose_subprotocol(const net::HttpRequest& request) {
  const auto offered = request.subprotocols();
  if (std::find(offered.begin(), offered.end(), "realtime") != offered.end()) return "realtime";
  // Names like `openai-insecure-api-key.…` carry values; what we select is seen by everybody.
  const auto plain = std::find_if(offered.begin(), offered.end(), [](const std::string& name) {
    return name.find('.') == std::string::npos;
  });
  if (plain != offered.end()) return *plain;
  const auto beta = std::find(offered.begin(), offered.end(), kBetaProtocol);
  if (beta != offered.end()) return *beta;
  // Only a key was offered: a browser drops a connection that selects none of its offers.
  return offered.empty() ? std::string() : offered.front();
}

}  // namespace parley::server
