// SPDX-License-Identifier: MIT
// What `compat.profile` stands for: the defaults of a server that Parley takes the place of.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::config::detail {

struct ProfileDefault {
  std::string_view key;
  std::string_view value;  // as in the environment
};

struct Profile {
  std::string_view name;
  std::string_view host;                // where it listens
  std::vector<std::string_view> ports;  // on all of these, unless PORT or SERVER_PORT names one
  std::vector<ProfileDefault> defaults;
  std::string_view static_dir = {};  // where it keeps its page, in the working directory
};

// Null: no such profile.
const Profile* find_profile(std::string_view name);

}  // namespace parley::config::detail
