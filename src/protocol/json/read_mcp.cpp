// SPDX-License-Identifier: MIT
#include "protocol/json/read_mcp.h"

#include <utility>

namespace parley::protocol::json {

namespace {

constexpr std::size_t kNamesMax = 1000;
constexpr std::size_t kHeadersMax = 100;
constexpr StringRule kNotEmpty = {.empty_allowed = false};

constexpr std::array kApprovals = {
    Name<McpApproval>{"always", McpApproval::always},
    Name<McpApproval>{"never", McpApproval::never},
};

base::RawJson keep(const Value& value) {
  base::RawJson raw;
  append_text(value, raw.text);
  return raw;
}

std::vector<std::string> read_names(Value& value, const std::string& path, Reading& reading) {
  std::vector<std::string> names;
  for_each_element(value, path, reading, kNamesMax, [&](Value& element, const std::string& at) {
    names.push_back(read_string(element, at, reading).value_or(std::string()));
  });
  return names;
}

McpToolFilter read_filter(Value& value, const std::string& path, Reading& reading) {
  McpToolFilter filter;
  ObjectReader fields(value, path, reading);
  if (Value* names = fields.find("tool_names")) {
    filter.names = read_names(*names, fields.path("tool_names"), reading);
  }
  filter.read_only = fields.boolean("read_only");
  fields.finish();
  return filter;
}

void read_allowed_tools(ObjectReader& fields, McpServerTool& tool) {
  Value* value = fields.find_nullable("allowed_tools");
  if (value == nullptr || value->is_null()) return;
  tool.allowed_tools = keep(*value);
  const std::string path = fields.path("allowed_tools");
  if (value->array() != nullptr) {
    tool.allowed.emplace().names = read_names(*value, path, fields.reading());
  } else {
    tool.allowed = read_filter(*value, path, fields.reading());
  }
}

void read_approval(ObjectReader& fields, McpServerTool& tool) {
  Value* value = fields.find_nullable("require_approval");
  if (value == nullptr || value->is_null()) return;
  tool.require_approval = keep(*value);
  const std::string path = fields.path("require_approval");
  if (value->object() == nullptr) {
    tool.approval = read_name(*value, path, fields.reading(), kApprovals).value_or(tool.approval);
    return;
  }
  ObjectReader filters(*value, path, fields.reading());
  if (Value* always = filters.find("always")) {
    tool.always_ask = read_filter(*always, filters.path("always"), fields.reading());
  }
  if (Value* never = filters.find("never")) {
    tool.never_ask = read_filter(*never, filters.path("never"), fields.reading());
  }
  filters.finish();
}

void read_headers(ObjectReader& fields, McpServerTool& tool) {
  Value* value = fields.find_nullable("headers");
  if (value == nullptr || value->is_null()) return;
  const std::string path = fields.path("headers");
  Object* headers = value->object();
  if (headers == nullptr) return fields.reading().wrong_type(*value, "an object", path);
  if (headers->size() > kHeadersMax) {
    return fields.reading().fail("array_above_max_length", "Invalid '" + path + "': too many.",
                                 path);
  }
  for (Member& member : *headers) {
    auto text = read_string(member.value, path + "." + member.key, fields.reading());
    if (text) tool.headers.emplace_back(member.key, std::move(*text));
  }
}

// Ways to a server that only the hosted service has.
void refuse_hosted(ObjectReader& fields, std::string_view key) {
  if (fields.find(key) == nullptr) return;
  const std::string path = fields.path(key);
  fields.reading().fail("invalid_value",
                        "Invalid '" + path +
                            "': this server reaches MCP servers by their address only; give a "
                            "'server_url'.",
                        path);
}

void check_url(const std::string& url, const std::string& path, Reading& reading) {
  if (url.starts_with("http://") || url.starts_with("https://")) return;
  reading.fail("invalid_value", "Invalid '" + path + "': expected an http or https URL.", path);
}

void read_listed_tools(ObjectReader& fields, Item& item) {
  Value* tools = fields.require("tools");
  if (tools == nullptr) return;
  Reading& reading = fields.reading();
  for_each_element(
      *tools, fields.path("tools"), reading, kNamesMax,
      [&](Value& element, const std::string& path) {
        ObjectReader tool(element, path, reading);
        McpListedTool listed;
        listed.name = tool.required_string("name", kNotEmpty);
        if (Value* text = tool.find_nullable("description"); text != nullptr && !text->is_null()) {
          listed.description = read_string(*text, tool.path("description"), reading).value_or("");
        }
        if (Value* schema = tool.require("input_schema")) {
          listed.input_schema = keep(*schema);
        }
        if (Value* notes = tool.find_nullable("annotations");
            notes != nullptr && !notes->is_null()) {
          listed.annotations = keep(*notes);
        }
        tool.finish();
        item.tools.push_back(std::move(listed));
      });
}

std::optional<McpError> read_error(ObjectReader& fields) {
  Value* value = fields.find_nullable("error");
  if (value == nullptr || value->is_null()) return std::nullopt;
  constexpr std::array kTypes = {Name<int>{"tool_execution_error", 0},
                                 Name<int>{"protocol_error", 1}, Name<int>{"http_error", 2}};
  ObjectReader error(*value, fields.path("error"), fields.reading());
  McpError out;
  const int type = error.required_name("type", kTypes);
  out.type = wire_name(kTypes, type);
  out.message = error.required_string("message");
  if (type != 0) {
    constexpr IntegerRange kAny = {.min = std::numeric_limits<int>::min()};
    out.code = error.required_integer("code", kAny);
  }
  error.finish();
  return out;
}

}  // namespace

McpServerTool read_mcp_server(ObjectReader& fields) {
  McpServerTool tool;
  Reading& reading = fields.reading();
  tool.server_label = fields.required_string("server_label", kNotEmpty);
  if (const auto url = fields.string("server_url", kNotEmpty)) {
    check_url(*url, fields.path("server_url"), reading);
    tool.server_url = *url;
  }
  refuse_hosted(fields, "connector_id");
  refuse_hosted(fields, "tunnel_id");
  tool.authorization = fields.string("authorization").value_or(std::string());
  tool.server_description = fields.string("server_description").value_or(std::string());
  read_headers(fields, tool);
  read_allowed_tools(fields, tool);
  read_approval(fields, tool);
  if (Value* callers = fields.find_nullable("allowed_callers");
      callers != nullptr && !callers->is_null()) {
    constexpr std::array kCallers = {Name<int>{"direct", 0}};
    for_each_element(*callers, fields.path("allowed_callers"), reading, 2,
                     [&](Value& caller, const std::string& path) {
                       read_name(caller, path, reading, kCallers);
                     });
  }
  if (fields.boolean("defer_loading").value_or(false)) {
    const std::string path = fields.path("defer_loading");
    reading.fail("invalid_value", "Invalid '" + path + "': tools are always loaded at once.", path);
  }
  fields.finish();
  return tool;
}

void read_mcp_item(ObjectReader& fields, Item& item) {
  if (item.type == ItemType::mcp_approval_response) {
    item.approval_request_id = fields.required_string("approval_request_id", kNotEmpty);
    if (Value* approve = fields.require("approve")) {
      item.approve = read_boolean(*approve, fields.path("approve"), fields.reading()) == true;
    }
    if (Value* reason = fields.find_nullable("reason"); reason != nullptr && !reason->is_null()) {
      item.reason = read_string(*reason, fields.path("reason"), fields.reading());
    }
    return;
  }
  item.server_label = fields.required_string("server_label", kNotEmpty);
  if (item.type == ItemType::mcp_list_tools) return read_listed_tools(fields, item);
  item.name = fields.required_string("name", kNotEmpty);
  item.arguments = fields.required_string("arguments");
  if (item.type == ItemType::mcp_approval_request) return;
  if (Value* id = fields.find_nullable("approval_request_id"); id != nullptr && !id->is_null()) {
    item.approval_request_id =
        read_string(*id, fields.path("approval_request_id"), fields.reading()).value_or("");
  }
  if (Value* output = fields.find_nullable("output"); output != nullptr && !output->is_null()) {
    item.output = read_string(*output, fields.path("output"), fields.reading()).value_or("");
    item.has_output = true;
  }
  item.error = read_error(fields);
}

}  // namespace parley::protocol::json
