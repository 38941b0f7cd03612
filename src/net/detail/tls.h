// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/server.h"
#include "net/websocket.h"

typedef struct ssl_st SSL;

// TLS contexts: 1.2 or newer, certificates as the options say. All errors: code "tls_failed".
namespace parley::net::detail {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

base::Result<TlsContext> make_server_tls(const TlsOptions& options);

// May hand out the same context again: reading the system's certificates takes milliseconds.
base::Result<TlsContext> make_client_tls(const ClientTls& options);

// Makes the client ask for `host` (a name or an address) and accept only a certificate for it.
// False when `host` cannot be a host.
bool expect_host(SSL* ssl, const std::string& host);

// What went wrong in a handshake, for a person: the certificate's fault where it was that.
std::string handshake_fault(SSL* ssl, const std::string& error);

}  // namespace parley::net::detail
