// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

namespace parley::net {

namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

constexpr long kDaySeconds = 24L * 60 * 60;
constexpr long kAuthorityDays = 3650;
constexpr long kServerDays = 397;  // the most that browsers accept (CA/Browser Forum, SC-31)
constexpr long kRenewBeforeDays = 7;
constexpr long kClockSkewSeconds = 60L * 60;  // of clients that are behind us

// What OpenSSL's functions report by their results; caught in ensure_local_certificate().
struct Failure {
  std::string message;
};

[[noreturn]] void fail_with_openssl(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  throw Failure{what + ": " + text.data()};
}

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw Failure{what + ": " + std::strerror(errno)};
}

void check(bool success, const char* what) {
  if (!success) fail_with_openssl(what);
}

struct Identity {
  Key key;
  Certificate certificate;
};

struct Address {
  std::array<unsigned char, 16> bytes;
  int size;
};

std::optional<Address> to_address(const std::string& host) {
  Address address{};
  if (inet_pton(AF_INET, host.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  if (inet_pton(AF_INET6, host.c_str(), address.bytes.data()) == 1) {
    address.size = 16;
    return address;
  }
  return std::nullopt;
}

std::vector<std::string> with_local_names(const std::vector<std::string>& hosts) {
  std::vector<std::string> all = {"localhost", "127.0.0.1", "::1"};
  for (const auto& host : hosts) {
    if (host.empty() || host.size() > 253) throw Failure{"'" + host + "' cannot be a host name"};
    if (std::find(all.begin(), all.end(), host) == all.end()) all.push_back(host);
  }
  return all;
}

// --- making -------------------------------------------------------------------------------------

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  check(key != nullptr, "making a key");
  return key;
}

void set_name(X509_NAME* name, const char* common_name) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                                   0) == 1,
        "naming a certificate");
}

// RFC 5280 §4.1.2.2: positive, at most 20 bytes; unpredictable, as two may carry the same name.
void set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  check(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "random bytes");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);
  const std::unique_ptr<BIGNUM, Release<BN_free>> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  check(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)),
        "a serial number");
}

Certificate make_certificate(const Key& key, const char* common_name, long days) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "making a certificate");
  X509* const x = certificate.get();
  check(X509_set_version(x, X509_VERSION_3) == 1, "making a certificate");
  set_serial(x);
  set_name(X509_get_subject_name(x), common_name);
  check(X509_gmtime_adj(X509_getm_notBefore(x), -kClockSkewSeconds) &&
            X509_gmtime_adj(X509_getm_notAfter(x), days * kDaySeconds - kClockSkewSeconds) &&
            X509_set_pubkey(x, key.get()) == 1,
        "making a certificate");
  return certificate;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

// Built from objects: a host name in OpenSSL's textual form could smuggle in other names.
void add_hosts(X509* certificate, const std::vector<std::string>& hosts) {
  const Names names(GENERAL_NAMES_new());
  check(names != nullptr, "subject names");
  for (const auto& host : hosts) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    check(name && sk_GENERAL_NAME_push(names.get(), name) > 0, "subject names");
    const auto address = to_address(host);
    ASN1_STRING* const value = address ? ASN1_STRING_type_new(V_ASN1_OCTET_STRING)
                                       : ASN1_STRING_type_new(V_ASN1_IA5STRING);
    const void* const data =
        address ? static_cast<const void*>(address->bytes.data()) : host.data();
    const int size = address ? address->size : static_cast<int>(host.size());
    check(value && ASN1_STRING_set(value, data, size) == 1, "subject names");
    GENERAL_NAME_set0_value(name, address ? GEN_IPADD : GEN_DNS, value);
  }
  check(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1,
        "subject names");
}

void sign(X509* certificate, const Identity& by) {
  check(X509_set_issuer_name(certificate, X509_get_subject_name(by.certificate.get())) == 1 &&
            X509_sign(certificate, by.key.get(), EVP_sha256()) > 0,
        "signing a certificate");
}

Identity make_authority() {
  Identity made{make_key(), nullptr};
  made.certificate = make_certificate(made.key, "Parley local authority", kAuthorityDays);
  X509* const x = made.certificate.get();
  add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x, x, NID_subject_key_identifier, "hash");
  sign(x, made);
  return made;
}

Identity make_server(const Identity& authority, const std::vector<std::string>& hosts) {
  Identity made{make_key(), nullptr};
  made.certificate = make_certificate(made.key, "Parley local server", kServerDays);
  X509* const x = made.certificate.get();
  X509* const issuer = authority.certificate.get();
  add_extension(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(x, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(x, issuer, NID_subject_key_identifier, "hash");
  add_extension(x, issuer, NID_authority_key_identifier, "keyid");
  add_hosts(x, hosts);
  sign(x, authority);
  return made;
}

// --- keeping ------------------------------------------------------------------------------------

// One process at a time makes certificates in a directory, so that key and certificate match.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& directory)
      : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      const int error = errno;
      if (fd_ >= 0) ::close(fd_);
      errno = error;
      fail_with_errno(directory);
    }
  }
  ~DirectoryLock() { ::close(fd_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_;
};

void make_directory(const std::string& directory) {
  std::error_code error;
  const auto parent = std::filesystem::path(directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) throw Failure{directory + ": " + error.message()};
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) fail_with_errno(directory);
}

// Whole or not at all: written beside its place and then moved there.
void write_file(const std::string& path, BIO* content, mode_t mode) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(content, &data);
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) fail_with_errno(draft);
  const bool written = ::write(fd, data, static_cast<std::size_t>(size)) == size;
  const bool synced = written && ::fsync(fd) == 0;
  if (::close(fd) != 0 || !synced || ::rename(draft.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(draft.c_str());
    errno = error;
    fail_with_errno(path);
  }
}

Bio memory() {
  Bio bio(BIO_new(BIO_s_mem()));
  check(bio != nullptr, "memory");
  return bio;
}

void save_key(const std::string& path, const Key& key) {
  const Bio bio = memory();
  check(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  write_file(path, bio.get(), 0600);
}

void save_certificates(const std::string& path, std::initializer_list<X509*> chain) {
  const Bio bio = memory();
  for (X509* x : chain) check(PEM_write_bio_X509(bio.get(), x) == 1, "writing a certificate");
  write_file(path, bio.get(), 0644);
}

// Nothing when a file is missing or broken, or when they do not belong together.
std::optional<Identity> load(const std::string& certificate_file, const std::string& key_file) {
  const Bio certificate_bio(BIO_new_file(certificate_file.c_str(), "r"));
  const Bio key_bio(BIO_new_file(key_file.c_str(), "r"));
  if (!certificate_bio || !key_bio) return std::nullopt;
  Identity found;
  found.certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  // An empty pass phrase: otherwise OpenSSL would ask for one at the terminal.
  found.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!found.certificate || !found.key) return std::nullopt;
  if (X509_check_private_key(found.certificate.get(), found.key.get()) != 1) return std::nullopt;
  return found;
}

bool lasts(const Identity& identity) {
  int days = 0;
  int seconds = 0;
  return ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(identity.certificate.get())) ==
             1 &&
         days >= kRenewBeforeDays;
}

bool covers(const Identity& identity, const std::vector<std::string>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(),
                     [x = identity.certificate.get()](const auto& host) {
                       const auto address = to_address(host);
                       if (address) {
                         return X509_check_ip(x, address->bytes.data(),
                                              static_cast<std::size_t>(address->size), 0) == 1;
                       }
                       return X509_check_host(x, host.data(), host.size(), 0, nullptr) == 1;
                     });
}

void ensure(const LocalCertificate& files, const std::string& authority_key_file,
            const std::vector<std::string>& hosts) {
  auto authority = load(files.authority_file, authority_key_file);
  if (!authority || !lasts(*authority)) {
    authority = make_authority();
    save_key(authority_key_file, authority->key);
    save_certificates(files.authority_file, {authority->certificate.get()});
  }
  const auto server = load(files.certificate_file, files.key_file);
  if (server && lasts(*server) && covers(*server, hosts) &&
      X509_verify(server->certificate.get(), authority->key.get()) == 1) {
    return;
  }
  const Identity made = make_server(*authority, hosts);
  save_key(files.key_file, made.key);
  save_certificates(files.certificate_file, {made.certificate.get(), authority->certificate.get()});
}

}  // namespace

base::Result<LocalCertificate> ensure_local_certificate(const std::string& directory,
                                                        const std::vector<std::string>& hosts) {
  LocalCertificate files{directory + "/authority.pem", directory + "/server.pem",
                         directory + "/server.key"};
  ERR_clear_error();
  try {
    make_directory(directory);
    const DirectoryLock lock(directory);
    ensure(files, directory + "/authority.key", with_local_names(hosts));
  } catch (const Failure& failure) {
    ERR_clear_error();
    return base::fail("tls_failed", failure.message);
  }
  ERR_clear_error();
  return files;
}

}  // namespace parley::net
