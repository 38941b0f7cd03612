// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/types.h"

// MCP's messages (JSON-RPC 2.0) as text in and values out. No I/O.
// Source: Model Context Protocol 2025-06-18, "Lifecycle", "Tools".
namespace parley::providers::mcp {

inline constexpr std::string_view kProtocolVersion = "2025-06-18";

std::string initialize_message(int id);
std::string initialized_message();
std::string list_message(int id, const std::string& cursor);  // empty: from the beginning
// Nothing when `arguments` is no JSON object.
std::optional<std::string> call_message(int id, const std::string& tool,
                                        const std::string& arguments);

// What a server said in answer to request `id`.
struct Answer {
  std::optional<engine::McpFault> fault;
  std::string protocol_version;        // initialize
  std::vector<engine::McpTool> tools;  // tools/list
  std::string next_cursor;             // tools/list; empty: that was all
  std::string output;                  // tools/call
};
// Nothing: the message is another one (a notification, or the server's own request).
std::optional<Answer> read_answer(std::string_view message, int id);

}  // namespace parley::providers::mcp
