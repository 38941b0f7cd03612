// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http.h"
#include "server/client_secrets.h"

namespace parley::server {

// How a request came in.
struct Admission {
  // The settings that a client secret binds; null: a token of the server's own, or none was needed.
  SecretSession secret;
};

// Whom we serve. Clients present a token in any of the forms that the Realtime API's clients use:
// `Authorization` (with Bearer or bare), `api-key` (Azure), `?token=`, `?access_token=`,
// `?api-key=`, or the sub-protocol `openai-insecure-api-key.<token>` (browsers). It may be one of
// the server's own tokens, compared in constant time, or a client secret. Never logged. Immutable:
// any thread.
class Authenticator {
 public:
  // No tokens: everybody is served, but a client secret that is presented must be good.
  // `secrets` must outlive it.
  Authenticator(const std::vector<std::string>& tokens, const ClientSecrets& secrets);

  bool required() const { return !digests_.empty(); }
  std::optional<Admission> admit(const net::HttpRequest& request, base::WallTime now) const;

 private:
  using Digest = std::array<std::uint8_t, 32>;  // SHA-256: equal length whatever the token's

  bool known(std::string_view token) const;

  std::vector<Digest> digests_;
  const ClientSecrets& secrets_;
};

}  // namespace parley::server
