// SPDX-License-Identifier: MIT
#include "protocol/dialect/rewrite.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace parley::protocol::rewrite {

using json::Value;

namespace {

constexpr double kTemperatureMax = 2;
constexpr std::int64_t kMaxTokens = 4096;  // the beta's

void name_parts_of(Value& item) {
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

}  // namespace

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

std::optional<double> take_temperature(Value* value) {
  const Value* given = member(value, "temperature");
  if (given == nullptr) return std::nullopt;
  std::optional<double> number;
  if (const auto* real = std::get_if<double>(&given->data)) number = *real;
  if (const auto* whole = std::get_if<std::int64_t>(&given->data)) {
    number = static_cast<double>(*whole);
  }
  if (!number) return std::nullopt;
  take(*value, "temperature");
  return std::clamp(*number, 0.0, kTemperatureMax);
}

void fit_max_tokens(Value* value) {
  Value* tokens = member(value, "max_response_output_tokens");
  if (tokens == nullptr) return;
  if (auto* whole = std::get_if<std::int64_t>(&tokens->data)) {
    *whole = std::clamp<std::int64_t>(*whole, 1, kMaxTokens);
  }
}

void name_content_parts(Value& document) {
  if (Value* item = member(document, "item")) name_parts_of(*item);
  Value* input = member(member(document, "response"), "input");
  json::Array* items = input == nullptr ? nullptr : input->array();
  if (items == nullptr) return;
  for (Value& item : *items) name_parts_of(item);
}

void append_to_session(std::string& text, std::string_view members) {
  PARLEY_ASSERT(text.ends_with("}}"));
  text.insert(text.size() - 2, members);
}

}  // namespace parley::protocol::rewrite
