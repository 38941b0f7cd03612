// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"

namespace parley::session {

// `numbered`: response ids are `resp_<unix seconds>.<microseconds>`, rising, and item ids are
// UUIDs, for clients that compute with them.
enum class IdStyle : std::uint8_t { random, numbered };

// Makes the wire's ids: a prefix and 21 characters (16 for calls), as the hosted service does.
// Deterministic for a seed.
class IdMaker {
 public:
  explicit IdMaker(std::uint64_t seed, IdStyle style = IdStyle::random)
      : random_(seed), style_(style) {}

  std::string event() { return make("event_", 21); }
  std::string item() { return style_ == IdStyle::numbered ? uuid() : make("item_", 21); }
  // `now` counts microseconds since 1970.
  std::string response(std::int64_t now_us) {
    return style_ == IdStyle::numbered ? numbered(now_us) : make("resp_", 21);
  }
  std::string conversation() { return make("conv_", 21); }
  std::string session() { return make("sess_", 21); }
  std::string call() { return make("call_", 16); }
  std::string mcp_list() { return make("mcpl_", 21); }
  std::string mcp_call() { return make("mcp_", 21); }
  std::string mcp_approval_request() { return make("mcpr_", 21); }
  // Padding that hides the length of what it goes with.
  std::string obfuscation() { return make("", 12); }

 private:
  // Rising, with room for a number between any two.
  std::string numbered(std::int64_t now_us) {
    constexpr std::int64_t kSecond = 1'000'000;
    last_us_ = std::max(now_us, last_us_ + 2);
    std::string micros = std::to_string(last_us_ % kSecond);
    return "resp_" + std::to_string(last_us_ / kSecond) + '.' +
           std::string(6 - micros.size(), '0') + micros;
  }

  // RFC 9562, version 4.
  std::string uuid() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    for (char& c : id) {
      const std::uint64_t digit = random_.below(16);
      if (c == 'x') c = kHex[digit];
      if (c == 'y') c = kHex[8 | (digit & 3)];
    }
    return id;
  }

  std::string make(std::string_view prefix, int length) {
    std::string id;
    id.reserve(prefix.size() + static_cast<std::size_t>(length));
    id += prefix;
    random_.append_base62(id, length);
    return id;
  }

  base::Random random_;
  const IdStyle style_;
  std::int64_t last_us_ = 0;
};

}  // namespace parley::session
