// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/options.h"

namespace parley::config {

// Where settings come from, weakest first: defaults, file, environment, flags.
struct Sources {
  // The TOML file; empty: `parley.toml` in the working directory if it is there. A file that was
  // named but cannot be read is an error.
  std::string file;
  // Looks up one environment variable; injectable for tests.
  std::function<std::optional<std::string>(const std::string&)> environment;
  // A file of variables, weaker than `environment`; empty: none. One that is not there is no error.
  std::string dotenv;
  // The names of all variables that are set: how mistyped ones (PARLEY_SERVER_LISTTEN) and engines'
  // own keys (PARLEY_STT_MODEL_DIR) are found. May be empty.
  std::vector<std::string> environment_names;
  // From the command line: dotted key ("server.listen") and value; a key may repeat for lists.
  std::vector<std::pair<std::string, std::string>> flags;
};

// Environment: every key as PARLEY_<SECTION>_<KEY> (PARLEY_SERVER_LISTEN; lists separated by
// commas). An unknown key of a known section is an error; other PARLEY_ variables are let be.
// Honoured too, weaker than those: HOST and PORT, SERVER_NAME and SERVER_PORT (a listen address),
// and the variables of the servers that Parley replaces (docs/reference/config.md). Errors: code
// "invalid_config"; the message says file and line (or the variable or flag), what is wrong, and
// the nearest valid key.
base::Result<Options> load(const Sources& sources);

// The effective configuration as TOML, secrets masked.
std::string print(const Options& options);

// Every dotted key with its default and meaning, for help and docs/reference/config.md.
struct KeyInfo {
  std::string key;            // "server.listen"
  std::string default_value;  // as TOML
  std::string meaning;
};
std::vector<KeyInfo> keys();

}  // namespace parley::config
