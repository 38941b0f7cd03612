// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/raw_json.h"

// Conversation items as the wire shows them. Ids are plain strings here because clients may choose
// them; at most 32 characters (`kItemIdLengthMax`).
// Source: GA schema `RealtimeConversationItem`, beta schema of the same name.
namespace parley::protocol {

inline constexpr int kItemIdLengthMax = 32;

enum class ItemType : std::uint8_t {
  message,
  function_call,
  function_call_output,
  mcp_list_tools,  // GA only, as all of MCP
  mcp_call,
  mcp_approval_request,
  mcp_approval_response,
};
inline bool is_mcp(ItemType type) {
  return type != ItemType::message && type != ItemType::function_call &&
         type != ItemType::function_call_output;
}

enum class ItemStatus : std::uint8_t { in_progress, completed, incomplete };
enum class Role : std::uint8_t { user, assistant, system };

// What a content part is, seen from the conversation. The dialects name the assistant's parts:
// GA `output_text`/`output_audio`, beta `text`/`audio`.
enum class PartType : std::uint8_t { input_text, input_audio, input_image, text, audio };

struct ContentPart {
  PartType type = PartType::input_text;
  std::string text;                       // input_text, text
  std::optional<std::string> transcript;  // input_audio (nullopt: not known, shown as null), audio
  std::string audio_base64;  // input_audio from the client, or any audio part when retrieved
  std::string image_url;     // input_image: a data URI
  std::string detail;        // input_image: "auto", "low", "high"; empty: not given
};

// A tool of an MCP server, as its list shows it.
struct McpListedTool {
  std::string name;
  std::string description;
  base::RawJson input_schema;  // empty: shown as {}
  base::RawJson annotations;   // empty: shown as null
};

// `error` of an mcp_call.
struct McpError {
  std::string type;         // "tool_execution_error", "protocol_error", "http_error"
  std::optional<int> code;  // not with tool_execution_error
  std::string message;
};

struct Item {
  std::string id;  // empty in a client's create: the session chooses one
  ItemType type = ItemType::message;
  ItemStatus status = ItemStatus::completed;

  Role role = Role::user;            // message
  std::vector<ContentPart> content;  // message

  std::string call_id;    // function_call, function_call_output
  std::string name;       // function_call, mcp_call, mcp_approval_request
  std::string arguments;  // of the same: JSON text
  std::string output;     // function_call_output, mcp_call (when has_output)

  std::string server_label;           // mcp_list_tools, mcp_call, mcp_approval_request
  std::vector<McpListedTool> tools;   // mcp_list_tools
  bool has_output = false;            // mcp_call: it ended well
  std::optional<McpError> error;      // mcp_call: it failed
  std::string approval_request_id;    // mcp_approval_response; mcp_call: empty when none
  bool approve = false;               // mcp_approval_response
  std::optional<std::string> reason;  // mcp_approval_response
};

}  // namespace parley::protocol
