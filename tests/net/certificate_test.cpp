// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

using namespace parley::net;

namespace {

struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-tls-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(root); }
  std::string path() const { return root + "/a/tls"; }
  std::string root;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

int mode(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 0777U) : -1;
}

using Certificate = std::shared_ptr<X509>;
Certificate read_certificate(const std::string& path) {
  BIO* const bio = BIO_new_file(path.c_str(), "r");
  REQUIRE(bio != nullptr);
  Certificate found(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
  BIO_free(bio);
  return found;
}

LocalCertificate ensure(const Directory& directory, const std::vector<std::string>& hosts) {
  const auto made = ensure_local_certificate(directory.path(), hosts);
  REQUIRE_MESSAGE(made, made.error().message);
  return *made;
}

}  // namespace

TEST_CASE("a local certificate covers its hosts and is signed by the authority") {
  Directory directory;
  const auto files = ensure(directory, {"parley.example", "192.0.2.7", "2001:db8::7"});
  const auto server = read_certificate(files.certificate_file);
  const auto authority = read_certificate(files.authority_file);
  for (const char* name : {"localhost", "parley.example"}) {
    CHECK(X509_check_host(server.get(), name, 0, 0, nullptr) == 1);
  }
  for (const char* address : {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"}) {
    CHECK(X509_check_ip_asc(server.get(), address, 0) == 1);
  }
  CHECK(X509_check_host(server.get(), "other.example", 0, 0, nullptr) == 0);
  CHECK(X509_check_ca(authority.get()) == 1);
  CHECK(X509_check_ca(server.get()) == 0);
  CHECK(X509_verify(server.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_verify(authority.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_check_purpose(server.get(), X509_PURPOSE_SSL_SERVER, 0) == 1);
  CHECK(X509_check_purpose(server.get(), X509_PURPOSE_SSL_CLIENT, 0) == 0);

  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(server.get()),
                 X509_get0_notAfter(server.get()));
  CHECK(days == 397);
}

TEST_CASE("keys are for their owner only") {
  Directory directory;
  const auto files = ensure(directory, {});
  CHECK(mode(directory.path()) == 0700);
  CHECK(mode(files.key_file) == 0600);
  CHECK(mode(directory.path() + "/authority.key") == 0600);
}

TEST_CASE("a certificate is reused while it covers the hosts") {
  Directory directory;
  const auto files = ensure(directory, {"a.example", "b.example"});
  const std::string first = content(files.certificate_file);
  const std::string authority = content(files.authority_file);
  CHECK_FALSE(first.empty());
  ensure(directory, {"b.example"});
  CHECK(content(files.certificate_file) == first);
  ensure(directory, {"c.example"});
  CHECK(content(files.certificate_file) != first);
  CHECK(content(files.authority_file) == authority);
}

TEST_CASE("broken or missing files are made anew") {
  Directory directory;
  const auto files = ensure(directory, {});
  const std::string authority = content(files.authority_file);
  const std::string server = content(files.certificate_file);
  SUBCASE("a broken server key") {
    std::ofstream(files.key_file) << "not a key";
    ensure(directory, {});
    CHECK(content(files.authority_file) == authority);
  }
  SUBCASE("the authority as the server's certificate") {
    std::ofstream(files.certificate_file) << authority;
    ensure(directory, {});
    CHECK(content(files.authority_file) == authority);
  }
  SUBCASE("a lost authority key takes the server certificate with it") {
    std::filesystem::remove(directory.path() + "/authority.key");
    ensure(directory, {});
    CHECK(content(files.authority_file) != authority);
  }
  const auto made = read_certificate(files.certificate_file);
  CHECK(content(files.certificate_file) != server);
  CHECK(X509_verify(made.get(), X509_get0_pubkey(read_certificate(files.authority_file).get())) ==
        1);
}

TEST_CASE("what cannot be made is told") {
  Directory directory;
  std::ofstream(directory.root + "/file") << "in the way";
  for (const std::string path : {"/file", "/file/below"}) {
    const auto made = ensure_local_certificate(directory.root + path, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().code == "tls_failed");
  }
  CHECK_FALSE(ensure_local_certificate(directory.path(), {std::string(300, 'x')}));
}
