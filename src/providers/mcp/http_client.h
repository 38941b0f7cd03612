// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/time.h"
#include "engine/ports.h"

namespace parley::providers::mcp {

struct HttpClientOptions {
  base::Duration time_max = std::chrono::seconds(60);  // of each request
  std::size_t answer_bytes_max = 8u << 20u;
};

// Speaks to MCP servers over Streamable HTTP: answers may be JSON or a stream of events. Each job
// opens a session of its own at the server (initialize) and gives it up at its end, so nothing is
// kept between two calls.
// Source: Model Context Protocol 2025-06-18, "Transports".
std::unique_ptr<engine::McpClient> make_http_client(HttpClientOptions options = {});

}  // namespace parley::providers::mcp
