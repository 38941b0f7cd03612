// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"

namespace parley::cli {

// The WebSocket URL that a person means: http(s) becomes ws(s), a missing path becomes
// /v1/realtime, and `model`, unless empty, is added as `?model=`. Errors: code "invalid_url".
base::Result<std::string> realtime_url(const std::string& given, const std::string& model);

}  // namespace parley::cli
