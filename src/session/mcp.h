// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/context.h"

namespace parley::session {

// A tool of an MCP server, under the name that the model knows it by.
struct OfferedTool {
  std::string offered_name;
  std::string server_label;
  std::string tool_name;
};

// A call whose arguments are whole, with its place in the response that made it.
struct McpCall {
  protocol::PartRef ref;
  std::unique_ptr<StoredItem> item;  // of type mcp_call
  bool listed = false;               // stands in the conversation
};

// The MCP servers that a session's tools name: lists what they offer, asks for approval, and calls
// them, beside the responses: a call may outlive the response that made it, and nothing goes on by
// itself when it has ended (behaviour.md §4, "MCP").
class Mcp {
 public:
  explicit Mcp(Context& context) : context_(context) {}

  // The index of the first tool whose server is not known under its label and that gives no
  // address; nothing: all can be reached.
  std::optional<std::size_t> unreachable(const std::vector<protocol::Tool>& tools) const;
  // A session remembers every server that it was told of, and not more than kServersMax.
  static constexpr std::size_t kServersMax = 128;
  bool has_room_for(const std::vector<protocol::Tool>& tools) const;
  // Lists the servers among `tools` that are new, or have moved.
  void define(const std::vector<protocol::Tool>& tools);
  // None of them is still being listed.
  bool listed(const std::vector<protocol::Tool>& tools) const;

  // Adds what the servers among `tools` offer to a model's tools.
  void offer(const std::vector<protocol::Tool>& tools, std::vector<engine::Tool>& out,
             std::vector<OfferedTool>& offered) const;

  // Asks for approval where that is wanted, else calls.
  void call(McpCall call);
  // Whether a call waits for this request's answer.
  bool awaits(std::string_view approval_request_id) const;
  void answer(const protocol::Item& approval_response);

  // Returns true when a listing ended: a response may wait for it.
  bool handle(JobId job, engine::McpEvent event);

 private:
  struct Server {
    protocol::McpServerTool definition;
    std::string list_item;  // the mcp_list_tools item
    JobId job = 0;          // of the listing; 0: it has ended
    std::vector<engine::McpTool> tools;
  };
  struct Call {
    McpCall call;
    std::string approval_request;  // waits for its answer; empty: none
    JobId job = 0;                 // 0: not running
  };

  void list(Server& server);
  void take_list(Server& server, engine::McpEvent& event);
  void ask_for_approval(Call& call);
  void run(Call& call);
  void end(std::size_t index, engine::McpEvent& event);
  void add_item(protocol::Item item);
  const engine::McpTool* find_tool(const std::string& label, const std::string& name) const;

  Context& context_;
  std::map<std::string, Server> servers_;  // by label
  std::vector<Call> calls_;                // waiting or running
};

}  // namespace parley::session
