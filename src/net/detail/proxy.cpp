// SPDX-License-Identifier: MIT
#include "net/detail/proxy.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "net/detail/http_text.h"

namespace parley::net::detail {

namespace {

bool is_this_machine(const std::string& host) {
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return address.is_loopback();
  constexpr std::string_view kLocal = "localhost";
  return host.size() >= kLocal.size() &&
         equals_ignoring_case(host.substr(host.size() - kLocal.size()), kLocal) &&
         (host.size() == kLocal.size() || host[host.size() - kLocal.size() - 1] == '.');
}

bool matches(std::string_view host, std::string_view entry) {
  while (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (entry.empty() || host.size() < entry.size()) return false;
  const std::size_t before = host.size() - entry.size();
  return equals_ignoring_case(host.substr(before), entry) &&
         (before == 0 || host[before - 1] == '.');
}

bool is_excepted(std::string_view host, std::string_view list) {
  constexpr std::string_view kBetween = ", \t";
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find_first_of(kBetween));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    if (entry == "*" || matches(host, entry)) return true;
  }
  return false;
}

std::string base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');  // with OpenSSL's closing zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

base::Result<std::optional<Proxy>> parse(std::string_view url) {
  if (const auto scheme_end = url.find("://"); scheme_end != std::string_view::npos) {
    // The address may hold a password, so that it is not told.
    if (!equals_ignoring_case(std::string(url.substr(0, scheme_end)), "http")) {
      return base::fail("invalid_url", "the proxy of the environment must begin with http://");
    }
    url.remove_prefix(scheme_end + 3);
  }
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  Proxy proxy;
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    proxy.authorization = "Basic " + base64(percent_decode(authority.substr(0, at)));
    authority.remove_prefix(at + 1);
  }
  const bool has_port = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0) !=
                        std::string_view::npos;
  // Apart from its own port (curl's), it is an address like a WebSocket's.
  auto parsed = parse_websocket_url("ws://" + std::string(authority) + (has_port ? "" : ":1080"));
  if (!parsed) return base::fail("invalid_url", "the proxy of the environment is no valid address");
  proxy.host = std::move(parsed->host);
  proxy.port = std::move(parsed->port);
  return proxy;
}

}  // namespace

base::Result<std::optional<Proxy>> proxy_for(const WebSocketUrl& url, const Environment& read) {
  const auto first_of = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names) {
      const char* const value = read(name);
      if (value != nullptr && *value != '\0') return value;
    }
    return {};
  };
  if (is_this_machine(url.host)) return std::optional<Proxy>();
  std::string proxy =
      url.secure ? first_of({"https_proxy", "HTTPS_PROXY"}) : first_of({"http_proxy"});
  if (proxy.empty()) proxy = first_of({"all_proxy", "ALL_PROXY"});
  if (proxy.empty() || is_excepted(url.host, first_of({"no_proxy", "NO_PROXY"}))) {
    return std::optional<Proxy>();
  }
  return parse(proxy);
}

std::string connect_request(const Proxy& proxy, const WebSocketUrl& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  const std::string target = (v6 ? "[" + url.host + "]" : url.host) + ":" + url.port;
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target +
                        "\r\nUser-Agent: parley\r\nProxy-Connection: Keep-Alive\r\n";
  if (!proxy.authorization.empty()) {
    request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  }
  return request + "\r\n";
}

int connect_status(const std::string& head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kStatusAt = kVersion.size() + 2;  // past the digit and a space
  int status = 0;
  if (!head.starts_with(kVersion) || head.size() < kStatusAt + 3) return 0;
  std::from_chars(head.data() + kStatusAt, head.data() + kStatusAt + 3, status);
  return status;
}

}  // namespace parley::net::detail
