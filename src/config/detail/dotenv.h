// SPDX-License-Identifier: MIT
// A `.env` file: variables for those who do not want to set them in the shell.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/detail/environment.h"

namespace parley::config::detail {

// Lines of NAME=VALUE; `export` before them, blank lines and lines that begin with # are fine. A
// value may stand in quotes and then go over lines; in double ones \n, \t, \" and \\ are read.
// Without quotes it ends at " #".
// ${NAME} and ${NAME:-otherwise} stand for what `environment` or an earlier line says, but not in
// single quotes.
// Errors: "invalid_config" with file and line.
base::Result<std::map<std::string, std::string>> read_dotenv(std::string_view text,
                                                             const std::string& file,
                                                             const Environment& environment = {});

}  // namespace parley::config::detail
