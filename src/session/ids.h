// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace parley::session {

// Makes the wire's ids: a prefix and 21 characters (16 for calls), as the hosted service does.
// Deterministic for a seed.
class IdMaker {
 public:
  explicit IdMaker(std::uint64_t seed) : random_(seed) {}

  std::string event() { return make("event_", 21); }
  std::string item() { return make("item_", 21); }
  std::string response() { return make("resp_", 21); }
  std::string conversation() { return make("conv_", 21); }
  std::string session() { return make("sess_", 21); }
  std::string call() { return make("call_", 16); }
  std::string mcp_list() { return make("mcpl_", 21); }
  std::string mcp_call() { return make("mcp_", 21); }
  std::string mcp_approval_request() { return make("mcpr_", 21); }
  // Padding that hides the length of what it goes with.
  std::string obfuscation() { return make("", 12); }

 private:
  std::string make(std::string_view prefix, int length) {
    std::string id;
    id.reserve(prefix.size() + static_cast<std::size_t>(length));
    id += prefix;
    random_.append_base62(id, length);
    return id;
  }

  base::Random random_;
};

}  // namespace parley::session
