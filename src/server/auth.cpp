// SPDX-License-Identifier: MIT
#include "server/auth.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <utility>

namespace parley::server {

namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kKeyProtocol = "openai-insecure-api-key.";

std::array<std::uint8_t, 32> digest_of(std::string_view token) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

std::string_view bearer_token(std::string_view header) {
  if (header.size() <= kBearer.size()) return {};
  for (std::size_t i = 0; i < kBearer.size(); ++i) {
    const char c = header[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != kBearer[i]) return {};
  }
  return header.substr(kBearer.size());
}

// All that a request carries, in every place where clients put theirs.
std::vector<std::string> presented_tokens(const net::HttpRequest& request) {
  std::vector<std::string> tokens;
  const auto add = [&tokens](std::string_view token) {
    if (!token.empty()) tokens.emplace_back(token);
  };
  const std::string_view authorization = request.header("Authorization");
  const std::string_view bearer = bearer_token(authorization);
  add(bearer.empty() ? authorization : bearer);
  add(request.header("api-key"));
  for (const char* name : {"token", "access_token", "api-key"}) {
    if (const auto value = request.query_value(name)) add(*value);
  }
  for (const auto& protocol : request.subprotocols()) {
    if (protocol.starts_with(kKeyProtocol)) {
      add(std::string_view(protocol).substr(kKeyProtocol.size()));
    }
  }
  return tokens;
}

}  // namespace

Authenticator::Authenticator(const std::vector<std::string>& tokens, const ClientSecrets& secrets)
    : secrets_(secrets) {
  for (const auto& token : tokens) digests_.push_back(digest_of(token));
}

bool Authenticator::known(std::string_view token) const {
  if (token.empty()) return false;
  const Digest digest = digest_of(token);
  bool found = false;
  // Looks at all of them: the time taken tells nothing about which one matched.
  for (const auto& known : digests_) {
    found |= CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0;
  }
  return found;
}

std::optional<Admission> Authenticator::admit(const net::HttpRequest& request,
                                              base::WallTime now) const {
  bool bad_secret = false;
  for (const std::string& token : presented_tokens(request)) {
    if (known(token)) return Admission{};
    if (!ClientSecrets::looks_like_one(token)) continue;
    if (auto session = secrets_.redeem(token, now)) return Admission{std::move(session)};
    bad_secret = true;
  }
  if (bad_secret || required()) return std::nullopt;
  return Admission{};
}

}  // namespace parley::server
