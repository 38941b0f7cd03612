// SPDX-License-Identifier: MIT
// Source: learn.microsoft.com/azure/ai-services/speech-service, "Regions" and "Sovereign clouds".
#include "providers/azure/region.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "providers/remote/llm_keys.h"

namespace parley::providers::azure {

namespace {

constexpr std::size_t kTagCharsMax = 35;  // RFC 5646 §4.4.1

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-';
  });
}

// The host is Azure's own, which answers nobody without a key.
bool is_azure(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::string_view host = url.substr(0, url.find_first_of(":/?#"));
  return host.ends_with(".microsoft.com") || host.ends_with(".azure.com") ||
         host.ends_with(".azure.cn") || host.ends_with(".azure.us");
}

}  // namespace

std::string speech_host(std::string_view region, std::string_view service) {
  std::string host = "https://";
  host.append(region).append(".").append(service).append(".speech.");
  if (region.starts_with("china")) return host + "azure.cn";
  if (region.starts_with("usgov")) return host + "azure.us";
  return host + "microsoft.com";
}

remote::Endpoint read_speech_endpoint(SectionReader& keys, const config::EngineSection& section,
                                      std::string_view service, base::Duration first_byte) {
  std::string region;
  keys.text("region", region);
  remote::Endpoint defaults;
  defaults.timeouts.first_byte = first_byte;
  if (is_name(region)) {
    defaults.base_url = speech_host(region, service);
  } else if (!region.empty()) {
    keys.blame("region", "must be a region's name, such as westeurope");
  } else if (!keys.has("base_url")) {
    keys.blame("region", "is missing; or give base_url");
  }
  remote::Endpoint endpoint = remote::read_endpoint(keys, section, std::move(defaults));
  if (is_azure(endpoint.base_url)) remote::require_key(keys, endpoint, "Azure Speech");
  return endpoint;
}

void add_key(const remote::Endpoint& endpoint, net::HeaderList& headers) {
  if (!endpoint.api_key.empty()) {
    headers.emplace_back("Ocp-Apim-Subscription-Key", endpoint.api_key);
  }
}

void read_deployment(SectionReader& keys, std::string& deployment) {
  keys.text("deployment", deployment);
  if (deployment.find_first_not_of("0123456789abcdefABCDEF-") != std::string::npos) {
    keys.blame("deployment", "must be a deployment's id");
  }
}

bool is_language_tag(std::string_view text) {
  return is_name(text) && text.size() <= kTagCharsMax &&
         std::isalpha(static_cast<unsigned char>(text.front())) != 0;
}

}  // namespace parley::providers::azure
