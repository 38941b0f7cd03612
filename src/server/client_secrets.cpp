// SPDX-License-Identifier: MIT
#include "server/client_secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <utility>

#include "base/assert.h"

namespace parley::server {

namespace {

constexpr std::string_view kPrefix = "ek_";
constexpr std::size_t kTimeDigits = 16;
constexpr std::size_t kPayloadDigits = kTimeDigits + 16;
constexpr std::size_t kSignatureBytes = 16;

void append_hex(std::uint64_t value, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 0xf];
}

// The payload as a time: fixed width, so that text order is time order.
std::string time_digits(base::WallTime time) {
  std::string out;
  append_hex(static_cast<std::uint64_t>(time.unix_seconds), out);
  return out;
}

std::uint64_t random_number() {
  std::array<unsigned char, 8> bytes{};
  PARLEY_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::uint64_t value = 0;
  for (const unsigned char byte : bytes) value = value << 8U | byte;
  return value;
}

}  // namespace

ClientSecrets::ClientSecrets() {
  PARLEY_ASSERT(RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1);
}

std::string ClientSecrets::sign(std::string_view payload) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(payload.data()), payload.size(), digest.data(),
       &size);
  PARLEY_ASSERT(size >= kSignatureBytes);
  std::string out;
  for (std::size_t i = 0; i < kSignatureBytes; i += 8) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 8; ++j) word = word << 8U | digest[i + j];
    append_hex(word, out);
  }
  return out;
}

base::Result<protocol::ClientSecret> ClientSecrets::issue(protocol::SessionPatch session,
                                                          int seconds, base::WallTime now) {
  const base::WallTime expires{now.unix_seconds + seconds};
  std::string payload = time_digits(expires);
  append_hex(random_number(), payload);
  const std::lock_guard lock(mutex_);
  sessions_.erase(sessions_.begin(), sessions_.lower_bound(time_digits(now)));
  if (sessions_.size() >= kSecretsMax) {
    return base::fail("rate_limit_exceeded",
                      "Too many client secrets are waiting to expire. Try again later.");
  }
  sessions_.emplace(payload, std::make_shared<protocol::SessionPatch>(std::move(session)));
  return protocol::ClientSecret{std::string(kPrefix) + payload + sign(payload), expires};
}

SecretSession ClientSecrets::redeem(std::string_view token, base::WallTime now) const {
  if (token.size() != kPrefix.size() + kPayloadDigits + 2 * kSignatureBytes) return nullptr;
  const std::string_view payload = token.substr(kPrefix.size(), kPayloadDigits);
  const std::string signature = sign(payload);
  const std::string_view given = token.substr(kPrefix.size() + kPayloadDigits);
  if (CRYPTO_memcmp(signature.data(), given.data(), given.size()) != 0) return nullptr;
  if (payload.substr(0, kTimeDigits) <= time_digits(now)) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(payload);
  return found == sessions_.end() ? nullptr : found->second;
}

}  // namespace parley::server
