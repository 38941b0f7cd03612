// SPDX-License-Identifier: MIT
#include "net/detail/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <mutex>

namespace parley::net::detail {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

tl::unexpected<base::Error> failed(const std::string& what, const error_code& error) {
  return base::fail("tls_failed", what + ": " + error.message());
}

TlsContext make_context(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  // Most connections are idle most of the time: 34 KB less for each of those.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

base::Result<TlsContext> make_client_context(const ClientTls& options) {
  TlsContext context = make_context(ssl::context::tls_client);
  if (!options.verify) {
    context->set_verify_mode(ssl::verify_none);
    return context;
  }
  context->set_verify_mode(ssl::verify_peer);
  error_code error;
  context->set_default_verify_paths(error);
  if (error) return failed("the system's certificates", error);
  if (options.ca_file.empty()) return context;
  context->load_verify_file(options.ca_file, error);
  if (error) return failed(options.ca_file, error);
  return context;
}

}  // namespace

base::Result<TlsContext> make_server_tls(const TlsOptions& options) {
  ERR_clear_error();
  TlsContext context = make_context(ssl::context::tls_server);
  error_code error;
  context->use_certificate_chain_file(options.certificate_file, error);
  if (error) return failed(options.certificate_file, error);
  context->use_private_key_file(options.key_file, ssl::context::pem, error);
  if (error) return failed(options.key_file, error);
  return context;
}

base::Result<TlsContext> make_client_tls(const ClientTls& options) {
  ERR_clear_error();
  if (!options.ca_file.empty()) return make_client_context(options);  // the file may change
  static std::mutex mutex;
  static TlsContext kept[2];
  const std::lock_guard lock(mutex);
  TlsContext& context = kept[options.verify ? 1 : 0];
  if (!context) {
    auto made = make_client_context(options);
    if (!made) return made;
    context = *made;
  }
  return context;
}

bool expect_host(SSL* ssl, const std::string& host) {
  error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  // No SNI for addresses (RFC 6066 §3).
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  // What the macro SSL_set_tlsext_host_name() does, without its cast.
  char* const name = const_cast<char*>(host.c_str());
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1 &&
         SSL_set1_host(ssl, name) == 1;
}

std::string handshake_fault(SSL* ssl, const std::string& error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK) return error;
  return std::string("certificate not accepted: ") + X509_verify_cert_error_string(verdict);
}

}  // namespace parley::net::detail
