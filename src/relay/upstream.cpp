// SPDX-License-Identifier: MIT
#include "relay/upstream.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "providers/section_reader.h"
#include "relay/translate_session.h"

namespace parley::relay {
namespace {

using protocol::json::Flavour;
using providers::SectionReader;
using providers::remote::Endpoint;

// Shorter ones would blank ordinary words out of what is said.
constexpr std::size_t kSecretBytesMin = 8;

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

// Appends `name=value` unless the query that was configured says so already.
void add_query(std::string& query, std::string_view name, std::string_view value) {
  const std::string key = std::string(name) + "=";
  if (query.starts_with(key) || query.find("&" + key) != std::string::npos) return;
  if (!query.empty()) query += '&';
  query.append(key).append(percent_encoded(value));
}

std::string as_websocket(std::string url) {
  if (url.starts_with("http")) url.replace(0, 4, "ws");
  return url;
}

struct Settings {
  bool azure = false;
  std::string model;
  std::string api_version;
  std::string organization;
  std::string project;
  Flavour dialect = Flavour::ga;
};

std::string url_of(const std::string& base_url, const Settings& settings, SessionKind kind) {
  const std::size_t mark = base_url.find('?');
  std::string path = base_url.substr(0, mark);
  std::string query = mark == std::string::npos ? std::string() : base_url.substr(mark + 1);
  while (path.ends_with('/')) path.pop_back();
  const bool preview = settings.azure && !settings.api_version.empty();
  if (!path.ends_with("/realtime")) {
    if (settings.azure) {
      for (const std::string_view tail : {"/v1", "/openai"}) {
        if (path.ends_with(tail)) path.resize(path.size() - tail.size());
      }
      path += preview ? "/openai" : "/openai/v1";
    }
    path += "/realtime";
  }
  if (preview) add_query(query, "api-version", settings.api_version);
  // A transcription session's model is one of its settings, and refused in the address.
  if (kind == SessionKind::transcription) {
    add_query(query, "intent", "transcription");
  } else {
    add_query(query, preview ? "deployment" : "model", settings.model);
  }
  return as_websocket(path + "?" + query);
}

net::HeaderList headers_of(const Endpoint& endpoint, const Settings& settings) {
  net::HeaderList headers = {{"User-Agent", "parley"}};
  if (!endpoint.api_key.empty() && settings.azure) {
    headers.emplace_back("api-key", endpoint.api_key);
  } else if (!endpoint.api_key.empty()) {
    headers.emplace_back("Authorization", "Bearer " + endpoint.api_key);
  }
  if (!settings.organization.empty()) {
    headers.emplace_back("OpenAI-Organization", settings.organization);
  }
  if (!settings.project.empty()) headers.emplace_back("OpenAI-Project", settings.project);
  if (settings.dialect == Flavour::beta && !settings.azure) {
    headers.emplace_back("OpenAI-Beta", "realtime=v1");
  }
  headers.insert(headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  return headers;
}

bool tells_secrets(std::string_view header) {
  constexpr std::array<std::string_view, 6> kWords = {"auth",   "key",      "token",
                                                      "secret", "password", "cookie"};
  std::string name(header);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

// The key, and the headers that were configured beside it to authenticate.
std::vector<std::string> secrets_of(const Endpoint& endpoint) {
  std::vector<std::string> secrets;
  const auto add = [&](std::string_view secret) {
    if (secret.size() >= kSecretBytesMin) secrets.emplace_back(secret);
  };
  add(endpoint.api_key);
  for (const auto& [name, value] : endpoint.headers) {
    if (!tells_secrets(name)) continue;
    add(value);
    // "Bearer KEY": the key alone is as secret.
    const std::size_t blank = value.rfind(' ');
    if (blank != std::string::npos) add(std::string_view(value).substr(blank + 1));
  }
  return secrets;
}

Endpoint defaults(bool azure) {
  Endpoint endpoint;
  if (!azure) endpoint.base_url = "https://api.openai.com/v1";
  endpoint.timeouts.connect = std::chrono::seconds(10);
  endpoint.timeouts.first_byte = std::chrono::seconds(10);
  endpoint.timeouts.idle = std::chrono::seconds(60);
  return endpoint;
}

void read_settings(SectionReader& keys, Settings& settings) {
  keys.text("model", settings.model);
  if (settings.azure) {
    keys.text("deployment", settings.model);
    keys.text("api_version", settings.api_version);
    if (!settings.api_version.empty()) settings.dialect = Flavour::beta;
    if (settings.model.empty()) keys.blame("deployment", "is missing: which one answers?");
    return;
  }
  std::string dialect = "ga";
  keys.choice("dialect", {"ga", "beta"}, dialect);
  if (dialect == "beta") settings.dialect = Flavour::beta;
  keys.text("organization", settings.organization);
  keys.text("project", settings.project);
  for (const std::string* value : {&settings.organization, &settings.project}) {
    if (value->find_first_of("\r\n") != std::string::npos) {
      keys.blame(value == &settings.project ? "project" : "organization", "holds a line break");
    }
  }
  if (settings.model.empty()) keys.blame("model", "is missing: which one answers?");
}

}  // namespace

base::Result<std::shared_ptr<const Upstream>> read_upstream(const config::EngineSection& section) {
  Settings settings;
  settings.azure = section.provider == "azure_openai";
  if (!settings.azure && section.provider != "openai") {
    return base::fail("invalid_value",
                      "[" + providers::section_name(section) + "] provider '" + section.provider +
                          "' is not known; speech to speech has: azure_openai, openai",
                      "provider");
  }
  SectionReader keys(section);
  auto upstream = std::make_shared<Upstream>();
  upstream->endpoint = read_endpoint(keys, section, defaults(settings.azure));
  read_settings(keys, settings);
  if (const auto mistake = keys.mistake()) return tl::unexpected<base::Error>(*mistake);
  const std::string& base_url = upstream->endpoint.base_url;
  upstream->url = url_of(base_url, settings, SessionKind::realtime);
  upstream->transcription_url = url_of(base_url, settings, SessionKind::transcription);
  upstream->headers = headers_of(upstream->endpoint, settings);
  upstream->secrets = secrets_of(upstream->endpoint);
  upstream->dialect = settings.dialect;
  upstream->model = settings.model;
  return upstream;
}

}  // namespace parley::relay
