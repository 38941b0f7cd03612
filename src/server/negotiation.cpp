// SPDX-License-Identifier: MIT
#include "server/negotiation.h"

#include <algorithm>

namespace parley::server {

namespace {

constexpr std::string_view kBetaProtocol = "openai-beta.realtime-v1";

}  // namespace

DialectKind choose_dialect(const net::HttpRequest& request) {
  const auto offered = request.subprotocols();
  const bool beta = request.header("OpenAI-Beta").find("realtime=v1") != std::string_view::npos ||
                    std::find(offered.begin(), offered.end(), kBetaProtocol) != offered.end();
  return beta ? DialectKind::openai_beta : DialectKind::openai_ga;
}

std::unique_ptr<protocol::Dialect> make_dialect(DialectKind kind) {
  return kind == DialectKind::openai_beta ? protocol::make_openai_beta()
                                          : protocol::make_openai_ga();
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
  return beta == offered.end() ? std::string() : *beta;
}

}  // namespace parley::server
