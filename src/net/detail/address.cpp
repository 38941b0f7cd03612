// SPDX-License-Identifier: MIT
#include "net/detail/address.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace parley::net::detail {

using boost::asio::ip::tcp;

base::Result<tcp::endpoint> parse_address(const std::string& text) {
  const auto invalid = [&text] {
    return base::fail("invalid_address",
                      "'" + text + "' is not an address and port like 127.0.0.1:7866 or [::1]:7866",
                      "listen");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return invalid();
  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error || address.is_v6() != bracketed) return invalid();

  unsigned short port = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return invalid();
  return tcp::endpoint(address, port);
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

}  // namespace parley::net::detail
