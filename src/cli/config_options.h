// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/options.h"

namespace CLI {
class App;
}

namespace parley::cli {

// The options that say how the server is configured, the same for every subcommand that needs the
// configuration. add_config_options() adds them; load_config() reads all sources after parsing.
struct ConfigOptions {
  std::string file;
  std::vector<std::string> assignments;                    // --set KEY=VALUE, as given
  std::vector<std::pair<std::string, std::string>> flags;  // the named options, by key
};

std::shared_ptr<ConfigOptions> add_config_options(CLI::App& command);

// Environment included. Errors: code "invalid_config".
base::Result<config::Options> load_config(const ConfigOptions& options);

}  // namespace parley::cli
