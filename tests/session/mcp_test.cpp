// SPDX-License-Identifier: MIT
// Tools of MCP servers: listed, offered to the model, approved, called, and never answered by
// themselves.
#include <doctest/doctest.h>

#include "session/mcp.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ItemType;
using protocol::McpApproval;
using protocol::McpServerTool;
using protocol::ResponseStatus;

McpServerTool docs(McpApproval approval = McpApproval::never) {
  McpServerTool server;
  server.server_label = "docs";
  server.server_url = "http://127.0.0.1/mcp";
  server.approval = approval;
  return server;
}

engine::McpTool tool(std::string name, bool read_only = false) {
  engine::McpTool out;
  out.name = std::move(name);
  out.description = "A tool.";
  out.input_schema = {R"({"type":"object"})"};
  out.read_only = read_only;
  return out;
}

void set_tools(World& world, std::vector<protocol::Tool> tools, std::string event_id = {}) {
  protocol::SessionUpdate update;
  update.session.tools = std::move(tools);
  world.client(update, std::move(event_id));
}

// A session that knows the server's tools.
void connect(World& world, const McpServerTool& server = docs()) {
  set_tools(world, {server});
  world.mcp_says(world.last_mcp, engine::McpTools{{tool("search"), tool("look up", true)}});
}

void model_calls(World& world, const std::string& name) {
  world.script.answers = {engine::LlmToolCallBegin{"call_1", name},
                          engine::LlmToolCallArguments{R"({"q":)"},
                          engine::LlmToolCallArguments{R"("retry"})"}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
}

std::vector<std::string> offered(const World& world) {
  std::vector<std::string> names;
  for (const auto& offer : world.asked.back().tools) names.push_back(offer.name);
  return names;
}

std::vector<std::string> types_since(const World& world, std::size_t first) {
  std::vector<std::string> names;
  for (std::size_t i = first; i < world.events.size(); ++i) {
    names.push_back(name_of(world.events[i].event.body));
  }
  return names;
}

TEST_CASE("a server's tools are listed when the session names it") {
  World world;
  connect(world);
  CHECK(types_since(world, 1) ==
        std::vector<std::string>{"session.updated", "conversation.item.added",
                                 "mcp_list_tools.in_progress", "mcp_list_tools.completed",
                                 "conversation.item.done"});
  const auto item = world.all<protocol::ItemDone>().at(0).item;
  CHECK(item.type == ItemType::mcp_list_tools);
  CHECK(item.server_label == "docs");
  REQUIRE(item.tools.size() == 2);
  CHECK(item.tools[0].name == "search");
  set_tools(world, {docs()});
  CHECK(world.mcp_asked.size() == 1);  // known already
}

TEST_CASE("a listing that fails is told, and the model goes on without") {
  World world;
  set_tools(world, {docs()});
  world.client(protocol::ResponseCreate{});
  world.run_for(base::Milliseconds(100));
  CHECK(world.asked.empty());  // waits for the list
  world.mcp_says(world.last_mcp, engine::McpFault{engine::McpFaultKind::http, 502, "gone"});
  world.run_until_quiet();
  CHECK(world.all<protocol::McpListToolsFailed>().size() == 1);
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].tools.empty());
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
}

TEST_CASE("a call without approval runs, and the response does not wait for it") {
  World world;
  connect(world);
  CHECK(world.all<protocol::ItemDone>().size() == 1);
  const auto before = world.events.size();
  model_calls(world, "search");
  CHECK(types_since(world, before) ==
        std::vector<std::string>{
            "response.created", "response.output_item.added", "conversation.item.added",
            "response.mcp_call_arguments.delta", "response.mcp_call_arguments.delta",
            "response.mcp_call_arguments.done", "response.mcp_call.in_progress", "response.done",
            "rate_limits.updated"});
  const auto call = std::get<engine::McpCallRequest>(world.mcp_asked.back());
  CHECK(call.tool == "search");
  CHECK(call.arguments == R"({"q":"retry"})");
  CHECK(call.server.url == "http://127.0.0.1/mcp");

  const auto done = world.events.size();
  world.mcp_says(world.last_mcp, engine::McpOutput{"3 retries"});
  CHECK(types_since(world, done) == std::vector<std::string>{"response.mcp_call.completed",
                                                             "conversation.item.done",
                                                             "response.output_item.done"});
  CHECK(world.all<protocol::OutputItemDone>().back().item.output == "3 retries");

  world.script.answers = {engine::LlmText{"Three."}, engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto& history = world.asked.back().history;
  REQUIRE(history.size() == 2);
  CHECK(std::get<engine::ToolCall>(history[0]).name == "search");
  CHECK(std::get<engine::ToolResult>(history[1]).output == "3 retries");
}

TEST_CASE("a call that needs approval waits for it") {
  for (const bool approve : {true, false}) {
    World world;
    connect(world, docs(McpApproval::always));
    model_calls(world, "search");
    CHECK(world.mcp_asked.size() == 1);
    const auto request = world.all<protocol::ItemDone>().back().item;
    REQUIRE(request.type == ItemType::mcp_approval_request);
    CHECK(request.arguments == R"({"q":"retry"})");

    protocol::ConversationItemCreate answer;
    answer.item.type = ItemType::mcp_approval_response;
    answer.item.approval_request_id = request.id;
    answer.item.approve = approve;
    answer.item.reason = "why not";
    world.client(answer);
    if (approve) {
      CHECK(world.mcp_asked.size() == 2);
      world.mcp_says(world.last_mcp, engine::McpOutput{"found"});
    }
    const auto call = world.all<protocol::OutputItemDone>().back().item;
    CHECK(call.approval_request_id == request.id);
    CHECK(call.has_output == approve);
    if (!approve) {
      REQUIRE(call.error);
      CHECK(call.error->message.find("why not") != std::string::npos);
    }
    world.client(answer, "again");
    CHECK(world.last_error().param == "item.approval_request_id");
    CHECK(world.last_error().event_id == "again");
  }
}

TEST_CASE("filters decide which tools are offered and which need approval") {
  auto server = docs(McpApproval::always);
  server.allowed.emplace().names = {{"search"}};
  World world;
  connect(world, server);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(offered(world) == std::vector<std::string>{"search"});

  server.allowed.reset();
  server.never_ask.emplace().read_only = true;
  set_tools(world, {server});
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(offered(world) == std::vector<std::string>{"search", "look_up"});
  model_calls(world, "look_up");
  CHECK(std::get<engine::McpCallRequest>(world.mcp_asked.back()).tool == "look up");
}

TEST_CASE("a tool choice can name a server or one of its tools") {
  World world;
  connect(world);
  set_tools(world, {protocol::FunctionTool{"mine", "", {}}, docs()});
  protocol::ResponseCreate request;
  request.tool_choice = {protocol::ToolChoiceMode::mcp, "", "docs"};
  world.client(request);
  world.run_until_quiet();
  CHECK(offered(world) == std::vector<std::string>{"search", "look_up"});
  CHECK(world.asked.back().tool_required);
  request.tool_choice->function_name = "look up";
  world.client(request);
  world.run_until_quiet();
  CHECK(offered(world) == std::vector<std::string>{"look_up"});
}

TEST_CASE("the model reads what a server is for beside each of its tools") {
  auto server = docs();
  server.server_description = "The handbook.";
  World world;
  connect(world, server);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.asked.back().tools.at(0).description == "A tool.\n\ndocs: The handbook.");
}

TEST_CASE("a name that is taken is offered with its server's label") {
  World world;
  connect(world);
  set_tools(world, {protocol::FunctionTool{"search", "", {}}, docs()});
  model_calls(world, "docs_search");
  CHECK(offered(world) == std::vector<std::string>{"search", "docs_search", "look_up"});
  CHECK(std::get<engine::McpCallRequest>(world.mcp_asked.back()).tool == "search");
}

TEST_CASE("a label without an address must have been defined") {
  World world;
  auto server = docs();
  server.server_url.clear();
  set_tools(world, {protocol::FunctionTool{"f", "", {}}, server}, "mine");
  CHECK(world.last_error().code == "missing_required_parameter");
  CHECK(world.last_error().param == "session.tools[1].server_url");
  CHECK(world.last_error().event_id == "mine");
  CHECK(world.all<protocol::SessionUpdated>().empty());
  connect(world);
  set_tools(world, {server});
  CHECK(world.all<protocol::SessionUpdated>().size() == 2);
  CHECK(world.mcp_asked.size() == 1);
}

TEST_CASE("a session does not get to know MCP servers without end") {
  World world;
  const auto name = [&world](std::size_t number) {
    McpServerTool server = docs();
    server.server_label = "server_" + std::to_string(number);
    set_tools(world, {server}, "e" + std::to_string(number));
  };
  for (std::size_t i = 0; i < session::Mcp::kServersMax; ++i) {
    name(i);
    world.mcp_says(world.last_mcp, engine::McpTools{});
  }
  CHECK(world.all<protocol::ErrorEvent>().empty());
  name(session::Mcp::kServersMax);
  CHECK(world.last_error().code == "array_above_max_length");
  CHECK(world.last_error().param == "session.tools");
  name(0);  // known already
  CHECK(world.all<protocol::ErrorEvent>().size() == 1);
}

TEST_CASE("a call that fails says how") {
  World world;
  connect(world);
  model_calls(world, "search");
  world.mcp_says(world.last_mcp,
                 engine::McpFault{engine::McpFaultKind::protocol, -32602, "bad arguments"});
  const auto item = world.all<protocol::OutputItemDone>().back().item;
  REQUIRE(item.error);
  CHECK(item.error->type == "protocol_error");
  CHECK(item.error->code == -32602);
  CHECK(world.all<protocol::McpCallFailed>().size() == 1);
}

TEST_CASE("a call cancelled in its arguments is not made") {
  World world;
  connect(world);
  world.script.answers = {engine::LlmToolCallBegin{"call_1", "search"},
                          engine::LlmToolCallArguments{R"({"q":)"}};
  world.client(protocol::ResponseCreate{});
  world.run_for(base::Milliseconds(100));
  world.client(protocol::ResponseCancel{});
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::cancelled);
  CHECK(world.mcp_asked.size() == 1);
  CHECK(world.all<protocol::OutputItemDone>().size() == 1);
}

}  // namespace
}  // namespace parley::tests
