// SPDX-License-Identifier: MIT
#include "session/mcp.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace parley::session {

namespace {

constexpr std::size_t kNameLengthMax = 64;  // of a function, as models take it

const protocol::McpServerTool* as_server(const protocol::Tool& tool) {
  return std::get_if<protocol::McpServerTool>(&tool);
}

bool matches(const protocol::McpToolFilter& filter, const std::string& name, bool read_only) {
  if (filter.names &&
      std::find(filter.names->begin(), filter.names->end(), name) == filter.names->end()) {
    return false;
  }
  return !filter.read_only || *filter.read_only == read_only;
}

bool needs_approval(const protocol::McpServerTool& server, const std::string& name,
                    bool read_only) {
  if (server.always_ask && matches(*server.always_ask, name, read_only)) return true;
  if (server.never_ask && matches(*server.never_ask, name, read_only)) return false;
  return server.approval == protocol::McpApproval::always;
}

// The letters that every model's API takes in a function's name.
std::string function_name(std::string_view name) {
  std::string out(name.substr(0, kNameLengthMax));
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return out;
}

bool is_taken(const std::vector<engine::Tool>& tools, const std::string& name) {
  return std::any_of(tools.begin(), tools.end(),
                     [&name](const engine::Tool& tool) { return tool.name == name; });
}

engine::McpServer endpoint(const protocol::McpServerTool& definition) {
  return {definition.server_label, definition.server_url, definition.authorization,
          definition.headers};
}

protocol::McpError error_of(const engine::McpFault& fault) {
  switch (fault.kind) {
    case engine::McpFaultKind::tool_execution:
      break;
    case engine::McpFaultKind::protocol:
      return {"protocol_error", fault.code, fault.message};
    case engine::McpFaultKind::http:
      return {"http_error", fault.code, fault.message};
  }
  return {"tool_execution_error", std::nullopt, fault.message};
}

}  // namespace

// ---- what the servers offer
// ----------------------------------------------------------------------

std::optional<std::size_t> Mcp::unreachable(const std::vector<protocol::Tool>& tools) const {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto* server = as_server(tools[i]);
    if (server == nullptr || !server->server_url.empty()) continue;
    if (servers_.count(server->server_label) == 0) return i;
  }
  return std::nullopt;
}

bool Mcp::has_room_for(const std::vector<protocol::Tool>& tools) const {
  std::set<std::string_view> added;
  for (const protocol::Tool& tool : tools) {
    const auto* server = as_server(tool);
    if (server == nullptr || servers_.count(server->server_label) == 1) continue;
    added.insert(server->server_label);
  }
  return servers_.size() + added.size() <= kServersMax;
}

void Mcp::define(const std::vector<protocol::Tool>& tools) {
  for (const protocol::Tool& tool : tools) {
    const auto* wanted = as_server(tool);
    if (wanted == nullptr) continue;
    const auto [position, is_new] = servers_.try_emplace(wanted->server_label);
    Server& server = position->second;
    protocol::McpServerTool definition = *wanted;
    if (definition.server_url.empty()) {  // as it was defined before, with other rules
      definition.server_url = server.definition.server_url;
      definition.authorization = server.definition.authorization;
      definition.headers = server.definition.headers;
    }
    const bool moved = !is_new && endpoint(definition) != endpoint(server.definition);
    server.definition = std::move(definition);
    if (is_new || moved) list(server);
  }
}

void Mcp::list(Server& server) {
  if (server.job != 0) context_.out.command(JobCancel{server.job});
  server.tools.clear();
  protocol::Item item;
  item.id = context_.ids.mcp_list();
  item.type = protocol::ItemType::mcp_list_tools;
  item.server_label = server.definition.server_label;
  server.list_item = item.id;
  server.job = context_.new_job();

  auto stored = std::make_unique<StoredItem>();
  stored->item = item;
  const auto fault = context_.conversation.insert(std::move(stored), std::nullopt);
  PARLEY_ASSERT(fault == Conversation::InsertFault::none);
  const auto previous = context_.conversation.previous_of(item.id);
  context_.out.send(protocol::ItemAdded{previous, std::move(item)});
  context_.out.send(protocol::McpListToolsInProgress{server.list_item});
  context_.out.command(McpStart{server.job, engine::McpListRequest{endpoint(server.definition)}});
}

void Mcp::take_list(Server& server, engine::McpEvent& event) {
  server.job = 0;
  auto* tools = std::get_if<engine::McpTools>(&event);
  if (tools != nullptr) server.tools = std::move(tools->tools);
  StoredItem* stored = context_.conversation.find(server.list_item);
  if (stored == nullptr) return;  // deleted meanwhile
  for (const auto& tool : server.tools) {
    stored->item.tools.push_back(
        {tool.name, tool.description, tool.input_schema, tool.annotations});
  }
  if (tools != nullptr) {
    context_.out.send(protocol::McpListToolsCompleted{server.list_item});
  } else {
    context_.out.send(protocol::McpListToolsFailed{server.list_item});
  }
  context_.out.send(
      protocol::ItemDone{context_.conversation.previous_of(server.list_item), stored->item});
}

bool Mcp::listed(const std::vector<protocol::Tool>& tools) const {
  return std::none_of(tools.begin(), tools.end(), [this](const protocol::Tool& tool) {
    const auto* server = as_server(tool);
    const auto known = server == nullptr ? servers_.end() : servers_.find(server->server_label);
    return known != servers_.end() && known->second.job != 0;
  });
}

void Mcp::offer(const std::vector<protocol::Tool>& tools, std::vector<engine::Tool>& out,
                std::vector<OfferedTool>& offered) const {
  for (const protocol::Tool& tool : tools) {
    const auto* wanted = as_server(tool);
    const auto known = wanted == nullptr ? servers_.end() : servers_.find(wanted->server_label);
    if (known == servers_.end()) continue;
    for (const auto& listed : known->second.tools) {
      if (wanted->allowed && !matches(*wanted->allowed, listed.name, listed.read_only)) continue;
      std::string name = function_name(listed.name);
      if (is_taken(out, name)) name = function_name(wanted->server_label + "_" + listed.name);
      if (is_taken(out, name)) continue;
      std::string description = listed.description;
      if (!wanted->server_description.empty()) {
        if (!description.empty()) description += "\n\n";
        description += wanted->server_label + ": " + wanted->server_description;
      }
      out.push_back({name, std::move(description), listed.input_schema});
      offered.push_back({std::move(name), wanted->server_label, listed.name});
    }
  }
}

const engine::McpTool* Mcp::find_tool(const std::string& label, const std::string& name) const {
  const auto server = servers_.find(label);
  if (server == servers_.end()) return nullptr;
  const auto& tools = server->second.tools;
  const auto found = std::find_if(tools.begin(), tools.end(),
                                  [&name](const auto& tool) { return tool.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

// ---- calls
// ---------------------------------------------------------------------------------------

void Mcp::call(McpCall call) {
  const auto& item = call.item->item;
  const auto* tool = find_tool(item.server_label, item.name);
  const auto server = servers_.find(item.server_label);
  PARLEY_ASSERT(server != servers_.end());
  const bool read_only = tool != nullptr && tool->read_only;
  const bool ask = needs_approval(server->second.definition, item.name, read_only);
  calls_.push_back({std::move(call), {}, 0});
  if (!ask) return run(calls_.back());
  if (calls_.back().call.listed) return ask_for_approval(calls_.back());
  engine::McpEvent refused =
      engine::McpFault{engine::McpFaultKind::tool_execution, 0,
                       "The call needs an approval, which a response out of band cannot ask for."};
  end(calls_.size() - 1, refused);
}

void Mcp::add_item(protocol::Item item) {
  auto stored = std::make_unique<StoredItem>();
  stored->item = item;
  const auto fault = context_.conversation.insert(std::move(stored), std::nullopt);
  PARLEY_ASSERT(fault == Conversation::InsertFault::none);
  const auto previous = context_.conversation.previous_of(item.id);
  context_.out.send(protocol::ItemAdded{previous, item});
  context_.out.send(protocol::ItemDone{previous, std::move(item)});
}

void Mcp::ask_for_approval(Call& call) {
  auto& item = call.call.item->item;
  protocol::Item request;
  request.id = context_.ids.mcp_approval_request();
  request.type = protocol::ItemType::mcp_approval_request;
  request.server_label = item.server_label;
  request.name = item.name;
  request.arguments = item.arguments;
  call.approval_request = request.id;
  item.approval_request_id = request.id;
  add_item(std::move(request));
}

bool Mcp::awaits(std::string_view approval_request_id) const {
  return std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) {
    return !call.approval_request.empty() && call.approval_request == approval_request_id;
  });
}

void Mcp::answer(const protocol::Item& approval_response) {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const Call& call) {
    return call.approval_request == approval_response.approval_request_id;
  });
  PARLEY_ASSERT(found != calls_.end());
  found->approval_request.clear();
  if (approval_response.approve) return run(*found);
  const std::string reason = approval_response.reason.value_or("");
  engine::McpEvent refused = engine::McpFault{
      engine::McpFaultKind::tool_execution, 0,
      reason.empty() ? "The call was not approved." : "The call was not approved: " + reason};
  end(static_cast<std::size_t>(found - calls_.begin()), refused);
}

void Mcp::run(Call& call) {
  const auto& item = call.call.item->item;
  call.job = context_.new_job();
  context_.out.send(protocol::McpCallInProgress{call.call.ref.output_index, item.id});
  context_.out.command(
      McpStart{call.job, engine::McpCallRequest{endpoint(servers_.at(item.server_label).definition),
                                                item.name, item.arguments}});
}

void Mcp::end(std::size_t index, engine::McpEvent& event) {
  McpCall call = std::move(calls_[index].call);
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(index));
  protocol::Item& item = call.item->item;
  if (auto* output = std::get_if<engine::McpOutput>(&event)) {
    item.output = std::move(output->text);
    item.has_output = true;
    context_.out.send(protocol::McpCallCompleted{call.ref.output_index, item.id});
  } else {
    const auto* fault = std::get_if<engine::McpFault>(&event);
    item.error = fault != nullptr
                     ? error_of(*fault)
                     : protocol::McpError{"protocol_error", 0, "An answer of no call."};
    context_.out.send(protocol::McpCallFailed{call.ref.output_index, item.id});
  }
  item.status = protocol::ItemStatus::completed;
  const protocol::Item shown = item;
  StoredItem* kept = call.listed ? context_.conversation.find(shown.id) : nullptr;
  if (kept != nullptr) {
    *kept = std::move(*call.item);
    context_.out.send(protocol::ItemDone{context_.conversation.previous_of(shown.id), shown});
  }
  context_.out.send(protocol::OutputItemDone{call.ref.response_id, call.ref.output_index, shown});
}

bool Mcp::handle(JobId job, engine::McpEvent event) {
  for (auto& [label, server] : servers_) {
    if (server.job != job) continue;
    take_list(server, event);
    return true;
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].job != job) continue;
    end(i, event);
    return false;
  }
  return false;  // cancelled meanwhile
}

}  // namespace parley::session
