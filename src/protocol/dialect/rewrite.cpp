// SPDX-License-Identifier: MIT
#include "protocol/dialect/rewrite.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::protocol::rewrite {

using json::Value;

Value* member(Value& value, std::string_view key) {
  json::Object* object = value.object();
  if (object == nullptr) return nullptr;
  const auto found = std::find_if(object->rbegin(), object->rend(),
                                  [&](const json::Member& m) { return m.key == key; });
  return found == object->rend() ? nullptr : &found->value;
}

Value* member(Value* value, std::string_view key) {
  return value == nullptr ? nullptr : member(*value, key);
}

std::optional<Value> take(Value& value, std::string_view key) {
  json::Object* object = value.object();
  if (object == nullptr) return std::nullopt;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [&](const json::Member& m) { return m.key == key; });
  if (found == object->end()) return std::nullopt;
  Value taken = std::move(found->value);
  object->erase(found);
  return taken;
}

void set(Value& value, std::string_view key, Value given) {
  json::Object* object = value.object();
  if (object == nullptr) return;
  take(value, key);
  object->push_back({std::string(key), std::move(given)});
}

std::string text_of(Value* value) {
  const std::string* text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string() : *text;
}

void name_content_parts(Value& document) {
  Value* item = member(document, "item");
  const bool assistant = text_of(member(item, "role")) == "assistant";
  Value* content = member(item, "content");
  json::Array* parts = content == nullptr ? nullptr : content->array();
  if (parts == nullptr) return;
  for (Value& part : *parts) {
    Value* type = member(part, "type");
    if (type == nullptr || type->string() == nullptr) continue;
    std::string& name = *type->string();
    if (assistant && name == "output_text") name = "text";
    if (!assistant && (name == "text" || name == "output_text")) name = "input_text";
  }
}

void append_to_session(std::string& text, std::string_view members) {
  PARLEY_ASSERT(text.ends_with("}}"));
  text.insert(text.size() - 2, members);
}

}  // namespace parley::protocol::rewrite
