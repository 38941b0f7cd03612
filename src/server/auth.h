// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace parley::server {

// Whom we serve. Clients present a token in any of the forms that the Realtime API's clients use:
// `Authorization: Bearer`, `api-key` (Azure), `?token=`, `?api-key=`, or the sub-protocol
// `openai-insecure-api-key.<token>` (browsers). Compared in constant time; never logged.
// Immutable: any thread.
class Authenticator {
 public:
  // No tokens: everybody is served.
  explicit Authenticator(const std::vector<std::string>& tokens);

  bool required() const { return !digests_.empty(); }
  bool admits(const net::HttpRequest& request) const;

 private:
  using Digest = std::array<std::uint8_t, 32>;  // SHA-256: equal length whatever the token's

  bool known(std::string_view token) const;

  std::vector<Digest> digests_;
};

}  // namespace parley::server
