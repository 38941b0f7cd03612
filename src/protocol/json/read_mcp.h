// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "protocol/item.h"
#include "protocol/json/field_reader.h"
#include "protocol/session_config.h"

// The Model Context Protocol's parts of the language: a server among the tools, and the items about
// its tools and calls. Source: GA schemas `MCPTool`, `RealtimeMCP…`.
namespace parley::protocol::json {

// The fields of `{"type":"mcp",…}` besides its type; finishes the reader.
McpServerTool read_mcp_server(ObjectReader& fields);

// The fields of an item of an MCP type besides `id` and `type`.
void read_mcp_item(ObjectReader& fields, Item& item);

}  // namespace parley::protocol::json
