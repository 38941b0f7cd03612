// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::providers::openai {

// Where a call of Azure OpenAI is: `base_url` is the resource's address, with or without its path.
// With an `api_version` the dated API with the deployment in the address, else the v1 API, which
// takes the deployment as the model. `path` begins with a slash.
// https://learn.microsoft.com/azure/ai-foundry/openai/reference
std::string azure_url(std::string_view base_url, std::string_view deployment,
                      std::string_view api_version, std::string_view path);

}  // namespace parley::providers::openai
