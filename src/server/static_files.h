// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "net/http.h"

namespace parley::server {

// A folder of one's own in place of the playground (`compat.static_dir`): `/` is its index.html,
// `/x` and `/static/x` its file x. Read anew for each request, so it may change while we run. What
// lies outside of it, hidden files and files above 32 MiB are not served. Nothing: no such file.
// Any thread.
std::optional<net::HttpResponse> static_file_response(const std::string& folder,
                                                      const net::HttpRequest& request);

}  // namespace parley::server
