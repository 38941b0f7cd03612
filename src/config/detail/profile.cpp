// SPDX-License-Identifier: MIT
#include "config/detail/profile.h"

#include <algorithm>

namespace parley::config::detail {

namespace {

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> table = {
      // Its web client looks for 7860, its server says 7866.
      {"open-realtime",
       "0.0.0.0",
       {"7866", "7860"},
       {{"session.instructions", "You are a helpful assistant."}}},
      {"realtime-ai",
       "127.0.0.1",
       {"8000"},
       {{"session.instructions",
         "You are an intelligent voice assistant. Please provide concise, conversational "
         "answers."}},
       "static"},
      {"speech-bridge",
       "0.0.0.0",
       {"8080"},
       {{"session.voice", "shimmer"},
        {"session.instructions",
         "You are a concise, upbeat assistant. Reply in short, clear sentences (15 words maximum "
         "per sentence) and stay focused on the user request."}}},
      // Its client only speaks TLS.
      {"azure", "127.0.0.1", {"7866"}, {{"server.tls", "auto"}, {"compat.azure_rate_hz", "16000"}}},
  };
  return table;
}

}  // namespace

const Profile* find_profile(std::string_view name) {
  const auto found = std::find_if(profiles().begin(), profiles().end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == profiles().end() ? nullptr : &*found;
}

}  // namespace parley::config::detail
