// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "protocol/server_event.h"
#include "protocol/session_config.h"

namespace parley::server {

// What a client secret allows: sessions with these settings.
using SecretSession = std::shared_ptr<const protocol::SessionPatch>;

// Makes and checks client secrets: keys that an application hands to its own users, good for a
// while and bound to a session's settings. A secret is `ek_` and hex digits: the time it expires, a
// random number, and a signature over both (HMAC-SHA-256), so that a forged or expired one is
// refused without looking anything up; the settings are kept here until then. Any thread.
class ClientSecrets {
 public:
  // Kept at once; more are refused until some expire.
  static constexpr std::size_t kSecretsMax = 20'000;

  ClientSecrets();

  static bool looks_like_one(std::string_view token) { return token.starts_with("ek_"); }

  // Errors: "rate_limit_exceeded" when too many are waiting to expire.
  base::Result<protocol::ClientSecret> issue(protocol::SessionPatch session, int seconds,
                                             base::WallTime now);
  // Null: not ours, forged or expired.
  SecretSession redeem(std::string_view token, base::WallTime now) const;

 private:
  using Key = std::array<std::uint8_t, 32>;

  std::string sign(std::string_view payload) const;

  Key key_{};
  mutable std::mutex mutex_;
  // By payload, which begins with the time of expiry: the first to expire is the first here.
  std::map<std::string, SecretSession, std::less<>> sessions_;
};

}  // namespace parley::server
