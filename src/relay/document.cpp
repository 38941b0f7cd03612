// SPDX-License-Identifier: MIT
#include "relay/document.h"

#include <algorithm>
#include <utility>

namespace parley::relay {

using protocol::json::Member;
using protocol::json::Object;

Value text_value(std::string_view text) { return Value{std::string(text)}; }

Value object_value() { return Value{Object{}}; }

Value* member(Value& object, std::string_view key) {
  Object* members = object.object();
  if (members == nullptr) return nullptr;
  Value* found = nullptr;
  for (Member& each : *members) {
    if (each.key == key) found = &each.value;
  }
  return found;
}

std::string_view text_at(const Value& object, std::string_view key) {
  const Value* found = protocol::json::find(object, key);
  const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(&found->data);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::optional<Value> take(Value& object, std::string_view key) {
  Value* found = member(object, key);
  if (found == nullptr) return std::nullopt;
  Value taken = std::move(*found);
  drop(object, key);
  return taken;
}

void drop(Value& object, std::string_view key) {
  if (Object* members = object.object()) {
    std::erase_if(*members, [&](const Member& each) { return each.key == key; });
  }
}

void set(Value& object, std::string_view key, Value value) {
  Object* members = object.object();
  if (members == nullptr) return;
  if (Value* found = member(object, key)) {
    *found = std::move(value);
    return;
  }
  Member& added = members->emplace_back();
  added.key = key;
  added.value = std::move(value);
}

void set_missing(Value& object, std::string_view key, Value value) {
  if (member(object, key) == nullptr) set(object, key, std::move(value));
}

void move(Value& from, std::string_view key, Value& to, std::string_view new_key) {
  if (auto taken = take(from, key)) set(to, new_key, std::move(*taken));
}

std::string to_text(const Value& value) {
  std::string out;
  protocol::json::append_text(value, out);
  return out;
}

}  // namespace parley::relay
