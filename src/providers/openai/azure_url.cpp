// SPDX-License-Identifier: MIT
#include "providers/openai/azure_url.h"

#include <cctype>

namespace parley::providers::openai {

namespace {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4u], kHex[byte & 15u]};
    }
  }
  return out;
}

}  // namespace

std::string azure_url(std::string_view base_url, std::string_view deployment,
                      std::string_view api_version, std::string_view path) {
  std::string url(base_url);
  for (const std::string_view tail : {"/v1", "/openai"}) {
    if (url.ends_with(tail)) url.resize(url.size() - tail.size());
  }
  if (api_version.empty()) return url.append("/openai/v1").append(path);
  return url.append("/openai/deployments/")
      .append(percent_encoded(deployment))
      .append(path)
      .append("?api-version=")
      .append(percent_encoded(api_version));
}

}  // namespace parley::providers::openai
