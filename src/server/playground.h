// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "net/http.h"

namespace parley::server {

// The playground's files: `/` and what it loads, cached for good where the name changes with the
// content, under a policy that runs no script but the page's own. Nothing: no such file. Needs no
// token; what the page does with the API does. Any thread.
std::optional<net::HttpResponse> playground_response(const net::HttpRequest& request);

}  // namespace parley::server
