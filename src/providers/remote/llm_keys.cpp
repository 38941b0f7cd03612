// SPDX-License-Identifier: MIT
#include "providers/remote/llm_keys.h"

#include <nlohmann/json.hpp>
#include <string>

namespace parley::providers::remote {

std::optional<int> read_max_tokens(SectionReader& keys) {
  constexpr int kTokensMax = 1'000'000;
  int most = 0;
  keys.integer("max_tokens", 1, kTokensMax, most);
  if (most == 0) return std::nullopt;
  return most;
}

std::optional<double> read_temperature(SectionReader& keys) {
  constexpr double kUnset = -1;
  double heat = kUnset;
  keys.number("temperature", 0, 2, heat);
  if (heat < 0) return std::nullopt;
  return heat;
}

void read_extra_body(SectionReader& keys, base::RawJson& extra_body) {
  keys.text("extra_body", extra_body.text);
  if (!extra_body.present()) return;
  if (!nlohmann::json::parse(extra_body.text, nullptr, false).is_object()) {
    keys.blame("extra_body", "must be a JSON object, as in '{\"top_k\": 20}'");
  }
}

void require_key(SectionReader& keys, const Endpoint& endpoint, std::string_view service) {
  if (!endpoint.api_key.empty() || !endpoint.headers.empty()) return;
  keys.blame("api_key", "is missing: " + std::string(service) + " asks for one");
}

}  // namespace parley::providers::remote
