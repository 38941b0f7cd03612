// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "base/result.h"

// Addresses as text: "127.0.0.1:7866", "[::1]:7866".
namespace parley::net::detail {

// Also takes "localhost", which stands for 127.0.0.1. Errors: code "invalid_address".
base::Result<boost::asio::ip::tcp::endpoint> parse_address(const std::string& text);

std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace parley::net::detail
