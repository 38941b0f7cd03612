// SPDX-License-Identifier: MIT
// A configuration's sources as values: a file's text, variables, flags.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/options.h"

namespace parley::config::test {

struct Given {
  std::string file;  // the text of parley.toml; empty: no file
  std::map<std::string, std::string> environment;
  std::vector<std::pair<std::string, std::string>> flags;
};

// Loads them. The file is named "parley.toml" in messages.
base::Result<Options> load_given(const Given& given);

// The message of the error, which must be an invalid_config; empty when there was none.
std::string error_of(const Given& given);

}  // namespace parley::config::test
