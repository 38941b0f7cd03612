// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A parsed JSON document as plain values. Our own, so that exactly one file (value.cpp) compiles a
// JSON library, that members keep the order in which the client wrote them (a tool's parameters are
// shown to a model as they came), and that depth and size are bounded while parsing.
namespace parley::protocol::json {

struct Value;
struct Member;
using Array = std::vector<Value>;
using Object = std::vector<Member>;

struct Value {
  // In this order: null, true/false, whole number, other number, string, array, object.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data;

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  bool* boolean() { return std::get_if<bool>(&data); }
  std::string* string() { return std::get_if<std::string>(&data); }
  Array* array() { return std::get_if<Array>(&data); }
  Object* object() { return std::get_if<Object>(&data); }
};

struct Member {
  std::string key;
  Value value;
  bool read = false;  // a reader asked for it; what nobody asked for is an unknown field
};

// Bounds of one document. Realtime events stay far below; their breach is a parse failure.
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kValuesMax = 200'000;

// Strict RFC 8259, UTF-8 checked. Nothing when `text` is no JSON, too deep or has too many values.
// Never recurses on the input.
std::optional<Value> parse(std::string_view text);

// Appends the value as compact JSON text.
void append_text(const Value& value, std::string& out);

// The member `key` of an object, the last one if it is there twice; nullptr when there is none or
// `value` is no object.
const Value* find(const Value& value, std::string_view key);

}  // namespace parley::protocol::json
