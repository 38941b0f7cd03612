// SPDX-License-Identifier: MIT
#include "providers/mcp/message.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace parley::providers::mcp {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kToolsMax = 1000;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json request(int id, const char* method, Json params) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

engine::McpTool tool_of(const Json& json) {
  engine::McpTool tool;
  tool.name = text_of(json, "name");
  tool.description = text_of(json, "description");
  if (tool.description.empty()) tool.description = text_of(json, "title");
  if (const auto schema = json.find("inputSchema"); schema != json.end() && schema->is_object()) {
    tool.input_schema.text = dump(*schema);
  }
  if (const auto notes = json.find("annotations"); notes != json.end() && notes->is_object()) {
    tool.annotations.text = dump(*notes);
    const auto hint = notes->find("readOnlyHint");
    tool.read_only = hint != notes->end() && hint->is_boolean() && hint->get<bool>();
  }
  return tool;
}

// The texts of a result's content; what is no text is named. Without content, what is structured.
std::string output_of(const Json& result) {
  std::string out;
  const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : "\n") + text; };
  if (const auto content = result.find("content"); content != result.end() && content->is_array()) {
    for (const Json& part : *content) {
      if (!part.is_object()) continue;
      const std::string type = text_of(part, "type");
      const auto resource = part.find("resource");
      if (type == "text") {
        add(text_of(part, "text"));
      } else if (type == "resource" && resource != part.end() && resource->is_object() &&
                 resource->contains("text")) {
        add(text_of(*resource, "text"));
      } else if (type == "resource_link") {
        add(text_of(part, "uri"));
      } else {
        add("[" + type + "]");
      }
    }
  }
  const auto structured = result.find("structuredContent");
  if (out.empty() && structured != result.end()) out = dump(*structured);
  return out;
}

engine::McpFault fault_of(const Json& error) {
  engine::McpFault fault;
  fault.kind = engine::McpFaultKind::protocol;
  if (error.is_object()) {
    const auto code = error.find("code");
    if (code != error.end() && code->is_number_integer()) fault.code = code->get<int>();
    fault.message = text_of(error, "message");
  }
  if (fault.message.empty()) fault.message = "The MCP server refused the request.";
  return fault;
}

}  // namespace

std::string initialize_message(int id) {
  return dump(request(id, "initialize",
                      {{"protocolVersion", kProtocolVersion},
                       {"capabilities", Json::object()},
                       {"clientInfo", {{"name", "parley"}, {"version", "1"}}}}));
}

std::string initialized_message() {
  return dump({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
}

std::string list_message(int id, const std::string& cursor) {
  Json params = Json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  return dump(request(id, "tools/list", std::move(params)));
}

std::optional<std::string> call_message(int id, const std::string& tool,
                                        const std::string& arguments) {
  Json parsed = Json::parse(arguments, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  return dump(request(id, "tools/call", {{"name", tool}, {"arguments", std::move(parsed)}}));
}

std::optional<Answer> read_answer(std::string_view message, int id) {
  const Json json = Json::parse(message, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto its_id = json.find("id");
  if (its_id == json.end() || *its_id != id || json.contains("method")) return std::nullopt;
  Answer answer;
  if (const auto error = json.find("error"); error != json.end()) {
    answer.fault = fault_of(*error);
    return answer;
  }
  const auto result = json.find("result");
  if (result == json.end() || !result->is_object()) {
    answer.fault = fault_of(nullptr);
    return answer;
  }
  answer.protocol_version = text_of(*result, "protocolVersion");
  answer.next_cursor = text_of(*result, "nextCursor");
  if (const auto tools = result->find("tools"); tools != result->end() && tools->is_array()) {
    for (const Json& tool : *tools) {
      if (answer.tools.size() == kToolsMax) break;
      if (tool.is_object() && !text_of(tool, "name").empty()) answer.tools.push_back(tool_of(tool));
    }
  }
  answer.output = output_of(*result);
  const auto failed = result->find("isError");
  if (failed != result->end() && failed->is_boolean() && failed->get<bool>()) {
    answer.fault = engine::McpFault{engine::McpFaultKind::tool_execution, 0,
                                    answer.output.empty() ? "The tool failed." : answer.output};
  }
  return answer;
}

}  // namespace parley::providers::mcp
