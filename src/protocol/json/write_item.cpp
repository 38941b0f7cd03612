// SPDX-License-Identifier: MIT
#include "protocol/json/write_item.h"

#include "protocol/json/names.h"

namespace parley::protocol::json {
namespace {

void write_content(const ContentPart& part, Flavour flavour, Writer& w) {
  const bool ga = flavour == Flavour::ga;
  w.begin_object();
  switch (part.type) {
    case PartType::input_text:
      w.string("type", "input_text");
      w.string("text", part.text);
      break;
    case PartType::text:
      w.string("type", ga ? "output_text" : "text");
      w.string("text", part.text);
      break;
    case PartType::input_audio:
    case PartType::audio:
      w.string("type", part.type == PartType::input_audio ? "input_audio"
                                                          : (ga ? "output_audio" : "audio"));
      w.string_or_null("transcript", part.transcript);
      if (!part.audio_base64.empty()) w.string("audio", part.audio_base64);
      break;
    case PartType::input_image:
      w.string("type", "input_image");
      w.string("image_url", part.image_url);
      if (!part.detail.empty()) w.string("detail", part.detail);
      break;
  }
  w.end_object();
}

void write_listed_tools(const std::vector<McpListedTool>& tools, Writer& w) {
  w.begin_array("tools");
  for (const McpListedTool& tool : tools) {
    w.begin_object();
    w.string("name", tool.name);
    w.string("description", tool.description);
    w.raw("input_schema", tool.input_schema.present() ? tool.input_schema.text : "{}");
    if (tool.annotations.present()) {
      w.raw("annotations", tool.annotations.text);
    } else {
      w.null("annotations");
    }
    w.end_object();
  }
  w.end_array();
}

void write_mcp_call(const Item& item, Writer& w) {
  if (item.approval_request_id.empty()) {
    w.null("approval_request_id");
  } else {
    w.string("approval_request_id", item.approval_request_id);
  }
  if (item.has_output) {
    w.string("output", item.output);
  } else {
    w.null("output");
  }
  if (!item.error) return w.null("error");
  w.begin_object("error");
  w.string("type", item.error->type);
  if (item.error->code) w.integer("code", *item.error->code);
  w.string("message", item.error->message);
  w.end_object();
}

// These have no status and no object.
void write_mcp_fields(const Item& item, Writer& w) {
  w.string("type", wire_name(kItemTypes, item.type));
  if (item.type == ItemType::mcp_approval_response) {
    w.string("approval_request_id", item.approval_request_id);
    w.boolean("approve", item.approve);
    w.string_or_null("reason", item.reason);
    return;
  }
  w.string("server_label", item.server_label);
  if (item.type == ItemType::mcp_list_tools) return write_listed_tools(item.tools, w);
  w.string("name", item.name);
  w.string("arguments", item.arguments);
  if (item.type == ItemType::mcp_call) write_mcp_call(item, w);
}

}  // namespace

// `object` is in every beta item; GA's captures lack it, its guide and SDK types have it.
void write_item_fields(const Item& item, Flavour flavour, Writer& w) {
  w.string("id", item.id);
  if (is_mcp(item.type)) return write_mcp_fields(item, w);
  w.string("object", "realtime.item");
  w.string("type", wire_name(kItemTypes, item.type));
  w.string("status", wire_name(kItemStatuses, item.status));
  switch (item.type) {
    case ItemType::message:
      w.string("role", wire_name(kRoles, item.role));
      w.begin_array("content");
      for (const ContentPart& part : item.content) write_content(part, flavour, w);
      w.end_array();
      break;
    case ItemType::function_call:
      w.string("name", item.name);
      w.string("call_id", item.call_id);
      w.string("arguments", item.arguments);
      break;
    case ItemType::function_call_output:
      w.string("call_id", item.call_id);
      w.string("output", item.output);
      break;
    case ItemType::mcp_list_tools:
    case ItemType::mcp_call:
    case ItemType::mcp_approval_request:
    case ItemType::mcp_approval_response:
      break;
  }
}

void write_response_part(const ContentPart& part, Writer& w) {
  w.begin_object("part");
  if (part.type == PartType::audio) {
    w.string("type", "audio");
    w.string("transcript", part.transcript ? std::string_view(*part.transcript) : "");
  } else {
    w.string("type", "text");
    w.string("text", part.text);
  }
  w.end_object();
}

}  // namespace parley::protocol::json
