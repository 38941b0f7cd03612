// SPDX-License-Identifier: MIT
#include "providers/openai/azure_url.h"

#include "providers/remote/query.h"

namespace parley::providers::openai {

std::string azure_url(std::string_view base_url, std::string_view deployment,
                      std::string_view api_version, std::string_view path) {
  std::string url(base_url);
  for (const std::string_view tail : {"/v1", "/openai"}) {
    if (url.ends_with(tail)) url.resize(url.size() - tail.size());
  }
  if (api_version.empty()) return url.append("/openai/v1").append(path);
  return url.append("/openai/deployments/")
      .append(remote::percent_encoded(deployment))
      .append(path)
      .append("?api-version=")
      .append(remote::percent_encoded(api_version));
}

}  // namespace parley::providers::openai
