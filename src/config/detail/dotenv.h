// SPDX-License-Identifier: MIT
// A `.env` file: variables for those who do not want to set them in the shell.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::config::detail {

// Lines of NAME=VALUE; `export` before them, blank lines and lines that begin with # are fine. A
// value may stand in quotes; in double ones \n, \" and \\ are read. Without quotes it ends at " #".
// Errors: "invalid_config" with file and line.
base::Result<std::map<std::string, std::string>> read_dotenv(std::string_view text,
                                                             const std::string& file);

}  // namespace parley::config::detail
