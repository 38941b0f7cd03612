// SPDX-License-Identifier: MIT
#include "protocol/json/read_item.h"

#include "protocol/json/read_mcp.h"

namespace parley::protocol::json {
namespace {

StringRule id_rule(ObjectReader& fields) {
  return {.length_max = fields.reading().id_length_max(), .empty_allowed = false};
}

// What a role may say. `audio` of an assistant is known, so that its refusal can name what to send.
constexpr std::array kUserPartsGa = {
    Name<PartType>{"input_text", PartType::input_text},
    Name<PartType>{"input_audio", PartType::input_audio},
    Name<PartType>{"input_image", PartType::input_image},
};
constexpr std::array kUserPartsBeta = {
    Name<PartType>{"input_text", PartType::input_text},
    Name<PartType>{"input_audio", PartType::input_audio},
};
constexpr std::array kAssistantPartsGa = {
    Name<PartType>{"output_text", PartType::text},
    Name<PartType>{"output_audio", PartType::audio},
};
constexpr std::array kAssistantPartsBeta = {
    Name<PartType>{"text", PartType::text},
    Name<PartType>{"audio", PartType::audio},
};
constexpr std::array kSystemParts = {Name<PartType>{"input_text", PartType::input_text}};

PartType read_part_type(ObjectReader& part, Role role) {
  const bool ga = part.reading().flavour() == Flavour::ga;
  switch (role) {
    case Role::user:
      return ga ? part.required_name("type", kUserPartsGa)
                : part.required_name("type", kUserPartsBeta);
    case Role::assistant:
      return ga ? part.required_name("type", kAssistantPartsGa)
                : part.required_name("type", kAssistantPartsBeta);
    case Role::system:
      break;
  }
  return part.required_name("type", kSystemParts);
}

void read_image(ObjectReader& part, ContentPart& out) {
  constexpr std::string_view kScheme = "data:image/";
  constexpr std::array kDetails = {Name<int>{"auto", 0}, Name<int>{"low", 1}, Name<int>{"high", 2}};
  out.image_url = part.required_string("image_url");
  if (!out.image_url.starts_with(kScheme)) {
    const std::string path = part.path("image_url");
    part.reading().fail("invalid_value",
                        "Invalid '" + path +
                            "': expected a data URI with an image, as in "
                            "'data:image/png;base64,...'.",
                        path);
  }
  if (const auto detail = part.name("detail", kDetails)) out.detail = wire_name(kDetails, *detail);
}

ContentPart read_part(Value& value, const std::string& path, Role role, Reading& reading) {
  ObjectReader part(value, path, reading);
  ContentPart out;
  out.type = read_part_type(part, role);
  switch (out.type) {
    case PartType::input_text:
    case PartType::text:
      out.text = part.required_string("text");
      break;
    case PartType::input_audio:
      out.audio_base64 = part.required_string("audio");
      if (Value* text = part.find_nullable("transcript"); text && !text->is_null()) {
        out.transcript = read_string(*text, part.path("transcript"), reading);
      }
      break;
    case PartType::input_image:
      read_image(part, out);
      break;
    case PartType::audio:
      // Nobody but the model speaks for the assistant; history is given as text.
      reading.missing(part.path("text"));
      break;
  }
  part.finish();
  return out;
}

void read_message(ObjectReader& fields, Item& item) {
  item.role = fields.required_name("role", kRoles);
  Value* content = fields.require("content");
  if (content == nullptr) return;
  constexpr std::size_t kPartsMax = 1000;
  Reading& reading = fields.reading();
  for_each_element(*content, fields.path("content"), reading, kPartsMax,
                   [&](Value& part, const std::string& path) {
                     item.content.push_back(read_part(part, path, item.role, reading));
                   });
}

void read_item_fields(ObjectReader& fields, Item& item) {
  constexpr std::array kObjects = {Name<int>{"realtime.item", 0}};
  item.id = fields.string("id", id_rule(fields)).value_or(std::string());
  fields.name("object", kObjects);
  item.status = fields.name("status", kItemStatuses).value_or(ItemStatus::completed);
  switch (item.type) {
    case ItemType::message:
      read_message(fields, item);
      break;
    case ItemType::function_call:
      item.call_id = fields.string("call_id", id_rule(fields)).value_or(std::string());
      item.name = fields.required_string("name");
      item.arguments = fields.required_string("arguments");
      break;
    case ItemType::function_call_output:
      item.call_id = fields.required_string("call_id", id_rule(fields));
      item.output = fields.required_string("output");
      break;
    case ItemType::mcp_list_tools:
    case ItemType::mcp_call:
    case ItemType::mcp_approval_request:
    case ItemType::mcp_approval_response:
      read_mcp_item(fields, item);
      break;
  }
  fields.finish();
}

ItemType read_item_type(ObjectReader& fields) {
  return fields.reading().flavour() == Flavour::ga ? fields.required_name("type", kItemTypes)
                                                   : fields.required_name("type", kItemTypesBeta);
}

}  // namespace

Item read_item(Value& value, const std::string& path, Reading& reading) {
  ObjectReader fields(value, path, reading);
  Item item;
  item.type = read_item_type(fields);
  read_item_fields(fields, item);
  return item;
}

ResponseInput read_response_input(Value& value, const std::string& path, Reading& reading) {
  constexpr std::string_view kReference = "item_reference";
  ObjectReader fields(value, path, reading);
  ResponseInput input;
  const Value* type = find(value, "type");
  const auto* word = type != nullptr ? std::get_if<std::string>(&type->data) : nullptr;
  if (word != nullptr && *word == kReference) {
    fields.string("type");
    input.reference_id = fields.required_string("id", {.empty_allowed = false});
    fields.finish();
    return input;
  }
  input.item.type = read_item_type(fields);
  read_item_fields(fields, input.item);
  return input;
}

}  // namespace parley::protocol::json
