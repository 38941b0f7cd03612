// SPDX-License-Identifier: MIT
#include "providers/remote/endpoint.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>
#include <utility>

#include "providers/remote/breaker.h"

namespace parley::providers::remote {

namespace {

constexpr int kTimeoutMaxMs = 3'600'000;
constexpr int kRetriesMax = 5;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// A header name is a token (RFC 9110 §5.6.2).
bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

void read_headers(SectionReader& keys, net::HeaderList& headers) {
  std::string text;
  if (!keys.has("headers")) return;
  keys.text("headers", text);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (trimmed(entry).empty()) continue;
    const std::size_t colon = entry.find(':');
    const auto name = trimmed(entry.substr(0, colon));
    const auto value =
        colon == std::string_view::npos ? std::string_view() : trimmed(entry.substr(colon + 1));
    if (colon == std::string_view::npos || !is_header_name(name) || !is_header_value(value)) {
      // The text may hold a secret, so it is not repeated.
      keys.blame("headers", "must read \"Name: value; Name: value\"");
      return;
    }
    headers.emplace_back(name, value);
  }
}

// The host of a URL, in small letters; an IPv6 address without its brackets.
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(std::min(url.find('@') + 1, url.size()));  // npos + 1 is 0
  if (url.starts_with('[')) return lower(url.substr(1, url.find(']') - 1));
  return lower(url.substr(0, url.find(':')));
}

// This machine or a private network, as far as the name tells (RFC 1918, 4193, 6761).
bool is_private(std::string_view host) {
  constexpr std::array<std::string_view, 7> kPrefixes = {"127.", "10.", "192.168.", "169.254.",
                                                         "fd",   "fc",  "fe80:"};
  if (host == "localhost" || host == "::1" || host.ends_with(".localhost") ||
      host.ends_with(".local") || host.ends_with(".internal") ||
      host.find_first_of(".:") == std::string_view::npos) {
    return true;
  }
  const bool address = std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isxdigit(c) != 0 || c == '.' || c == ':';
  });
  if (!address) return false;
  const bool v6 = host.find(':') != std::string_view::npos;
  for (const auto prefix : kPrefixes) {
    if (host.starts_with(prefix) && (v6 == (prefix[0] == 'f'))) return true;
  }
  for (int second = 16; second < 32; ++second) {
    if (host.starts_with("172." + std::to_string(second) + ".")) return true;
  }
  return false;
}

void check_url(SectionReader& keys, const Endpoint& endpoint) {
  const std::string_view url = endpoint.base_url;
  if (url.empty()) {
    keys.blame("base_url", "is missing: where is the engine?");
    return;
  }
  const bool known = url.starts_with("http://") || url.starts_with("https://") ||
                     url.starts_with("ws://") || url.starts_with("wss://");
  if (!known || host_of(url).empty()) {
    keys.blame("base_url", "must be a URL such as https://api.example.com/v1");
  } else if (url.find('@') != std::string_view::npos && url.find('@') < url.find('/', 8)) {
    keys.blame("base_url", "must hold no user name and password; use api_key or headers");
  } else if (!endpoint.tls.verify && !is_private(host_of(url))) {
    keys.blame("tls_verify",
               "may be false only for this machine and private networks; for a certificate of your "
               "own give ca_file");
  }
}

}  // namespace

Endpoint read_endpoint(SectionReader& keys, const config::EngineSection& section,
                       Endpoint defaults) {
  Endpoint endpoint = std::move(defaults);
  endpoint.engine = section.kind + "." + section.name;
  keys.text("base_url", endpoint.base_url);
  while (endpoint.base_url.ends_with('/')) endpoint.base_url.pop_back();
  keys.text("api_key", endpoint.api_key);
  endpoint.api_key = trimmed(endpoint.api_key);
  if (!is_header_value(endpoint.api_key)) keys.blame("api_key", "holds a control character");
  read_headers(keys, endpoint.headers);
  keys.text("ca_file", endpoint.tls.ca_file);
  if (!endpoint.tls.ca_file.empty() && !std::ifstream(endpoint.tls.ca_file)) {
    keys.blame("ca_file", "'" + endpoint.tls.ca_file + "' cannot be read");
  }
  keys.boolean("tls_verify", endpoint.tls.verify);
  keys.milliseconds("connect_timeout_ms", 0, kTimeoutMaxMs, endpoint.timeouts.connect);
  keys.milliseconds("first_byte_timeout_ms", 0, kTimeoutMaxMs, endpoint.timeouts.first_byte);
  keys.milliseconds("idle_timeout_ms", 0, kTimeoutMaxMs, endpoint.timeouts.idle);
  keys.milliseconds("total_timeout_ms", 0, kTimeoutMaxMs, endpoint.timeouts.total);
  keys.integer("retries", 0, kRetriesMax, endpoint.retries);
  check_url(keys, endpoint);
  if (!endpoint.breaker) endpoint.breaker = std::make_shared<Breaker>();
  return endpoint;
}

}  // namespace parley::providers::remote
