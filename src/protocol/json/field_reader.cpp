// SPDX-License-Identifier: MIT
#include "protocol/json/field_reader.h"

#include <algorithm>
#include <cmath>

#include "protocol/json/writer.h"

namespace parley::protocol::json {
namespace {

struct KindName {
  std::string_view operator()(const std::monostate&) const { return "null"; }
  std::string_view operator()(bool) const { return "a boolean"; }
  std::string_view operator()(std::int64_t) const { return "an integer"; }
  std::string_view operator()(double) const { return "a decimal number"; }
  std::string_view operator()(const std::string&) const { return "a string"; }
  std::string_view operator()(const Array&) const { return "an array"; }
  std::string_view operator()(const Object&) const { return "an object"; }
};

// The client's own text in an error sentence: enough to recognise it, never the whole of it.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShownMax = 64;
  std::string out = "'";
  out += text.substr(0, kShownMax);
  if (text.size() > kShownMax) out += "...";
  return out + "'";
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shown(std::int64_t value) {
  std::string out;
  append_integer(value, out);
  return out;
}

std::string shown(double value) {
  std::string out;
  append_number(value, out);
  return out;
}

// "Invalid 'session.speed': decimal above maximum value. Expected a value <= 1.5, but got 3
// instead."
template <class T>
bool check_range(T value, T min, T max, std::string_view kind, std::string path, Reading& reading) {
  if (value >= min && value <= max) return true;
  const bool below = value < min;
  const std::string side = below ? "below" : "above";
  const std::string extreme = below ? "minimum" : "maximum";
  std::string code = std::string(kind) + "_" + side + (below ? "_min_value" : "_max_value");
  std::string message = "Invalid '" + path + "': " + std::string(kind) + " " + side + " " +
                        extreme + " value. Expected a value " + (below ? ">= " : "<= ") +
                        shown(below ? min : max) + ", but got " + shown(value) + " instead.";
  reading.fail(code, std::move(message), std::move(path));
  return false;
}

// A whole number, also when written as 12.0; nothing when it has a fraction.
std::optional<std::int64_t> whole_number(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  const auto* decimal = std::get_if<double>(&value.data);
  if (decimal == nullptr || std::trunc(*decimal) != *decimal) return std::nullopt;
  constexpr double kLimit = 9e18;  // inside int64, and far beyond every range
  return static_cast<std::int64_t>(std::clamp(*decimal, -kLimit, kLimit));
}

}  // namespace

void Reading::fail(std::string_view code, std::string message, std::string param) {
  if (fault_) return;
  fault_ = base::Error{std::string(code), std::move(message), std::move(param)};
}

void Reading::missing(std::string param) {
  std::string message = "Missing required parameter: '" + param + "'.";
  fail("missing_required_parameter", std::move(message), std::move(param));
}

void Reading::wrong_type(const Value& got, std::string_view expected, std::string param) {
  const std::string what = param.empty() ? "Invalid type" : "Invalid type for '" + param + "'";
  std::string message = what + ": expected " + std::string(expected) + ", but got " +
                        std::string(std::visit(KindName{}, got.data)) + " instead.";
  fail("invalid_type", std::move(message), std::move(param));
}

void Reading::unsupported(std::string_view got, std::span<const std::string_view> supported,
                          std::string param) {
  std::string message = "Invalid value: " + quoted(got) + ". Supported values are: ";
  for (std::size_t i = 0; i < supported.size(); ++i) {
    const bool last = i + 1 == supported.size();
    if (i > 0) message += last ? (supported.size() > 2 ? ", and " : " and ") : ", ";
    message += "'" + std::string(supported[i]) + "'";
  }
  fail("invalid_value", message + ".", std::move(param));
}

std::optional<std::string> read_string(Value& value, std::string path, Reading& reading,
                                       StringRule rule) {
  std::string* text = value.string();
  if (text == nullptr) {
    reading.wrong_type(value, "a string", std::move(path));
    return std::nullopt;
  }
  if (text->empty() && !rule.empty_allowed) {
    std::string message = "Invalid '" + path +
                          "': empty string. Expected a string with minimum "
                          "length 1, but got an empty string instead.";
    reading.fail("invalid_value", std::move(message), std::move(path));
    return std::nullopt;
  }
  if (text->size() > rule.length_max && characters(*text) > rule.length_max) {
    std::string message = "Invalid '" + path +
                          "': string too long. Expected a string with maximum "
                          "length " +
                          shown(static_cast<std::int64_t>(rule.length_max)) +
                          ", but got a string with length " +
                          shown(static_cast<std::int64_t>(characters(*text))) + " instead.";
    reading.fail("string_above_max_length", std::move(message), std::move(path));
    return std::nullopt;
  }
  return std::move(*text);
}

std::optional<int> read_integer(Value& value, std::string path, Reading& reading,
                                IntegerRange range) {
  const auto whole = whole_number(value);
  if (!whole) {
    reading.wrong_type(value, "an integer", std::move(path));
    return std::nullopt;
  }
  if (!check_range(*whole, range.min, range.max, "integer", std::move(path), reading)) {
    return std::nullopt;
  }
  return static_cast<int>(*whole);
}

std::optional<double> read_number(Value& value, std::string path, Reading& reading,
                                  NumberRange range) {
  double number = 0;
  if (const auto* decimal = std::get_if<double>(&value.data)) {
    number = *decimal;
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = static_cast<double>(*whole);
  } else {
    reading.wrong_type(value, "a number", std::move(path));
    return std::nullopt;
  }
  if (!check_range(number, range.min, range.max, "decimal", std::move(path), reading)) {
    return std::nullopt;
  }
  return number;
}

std::optional<bool> read_boolean(Value& value, std::string path, Reading& reading) {
  if (const bool* flag = value.boolean()) return *flag;
  reading.wrong_type(value, "a boolean", std::move(path));
  return std::nullopt;
}

Array* read_array(Value& value, const std::string& path, Reading& reading, std::size_t size_max) {
  Array* array = value.array();
  if (array == nullptr) {
    reading.wrong_type(value, "an array", path);
    return nullptr;
  }
  if (array->size() > size_max) {
    reading.fail("array_above_max_length",
                 "Invalid '" + path + "': array too long. Expected an array with maximum length " +
                     std::to_string(size_max) + ", but got an array with length " +
                     std::to_string(array->size()) + " instead.",
                 path);
    return nullptr;
  }
  return array;
}

std::string element_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

ObjectReader::ObjectReader(Value& value, std::string path, Reading& reading)
    : object_(value.object()), path_(std::move(path)), reading_(reading) {
  if (object_ == nullptr) reading_.wrong_type(value, "an object", path_);
}

std::string ObjectReader::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

Value* ObjectReader::find_nullable(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  Value* found = nullptr;
  for (Member& member : *object_) {
    if (member.key != key) continue;
    member.read = true;
    found = &member.value;
  }
  return reading_.failed() ? nullptr : found;
}

Value* ObjectReader::find(std::string_view key) {
  Value* value = find_nullable(key);
  return value != nullptr && value->is_null() && reading_.lenient() ? nullptr : value;
}

Value* ObjectReader::require(std::string_view key) {
  Value* value = find_nullable(key);
  if (value == nullptr) reading_.missing(path(key));
  return value;
}

std::optional<std::string> ObjectReader::string(std::string_view key, StringRule rule) {
  Value* value = find(key);
  return value ? read_string(*value, path(key), reading_, rule) : std::nullopt;
}

std::optional<int> ObjectReader::integer(std::string_view key, IntegerRange range) {
  Value* value = find(key);
  return value ? read_integer(*value, path(key), reading_, range) : std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view key, NumberRange range) {
  Value* value = find(key);
  return value ? read_number(*value, path(key), reading_, range) : std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view key) {
  Value* value = find(key);
  return value ? read_boolean(*value, path(key), reading_) : std::nullopt;
}

std::string ObjectReader::required_string(std::string_view key, StringRule rule) {
  Value* value = require(key);
  if (value == nullptr) return {};
  return read_string(*value, path(key), reading_, rule).value_or(std::string());
}

int ObjectReader::required_integer(std::string_view key, IntegerRange range) {
  Value* value = require(key);
  return value ? read_integer(*value, path(key), reading_, range).value_or(0) : 0;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view key) {
  Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  return ObjectReader(*value, path(key), reading_);
}

void ObjectReader::finish() {
  if (object_ == nullptr || reading_.ignores_unknown() || reading_.failed()) return;
  for (const Member& member : *object_) {
    if (member.read) continue;
    // The client chose the key, so it is cut before it goes into an answer.
    constexpr std::size_t kKeyShownMax = 128;
    std::string param = path(std::string_view(member.key).substr(0, kKeyShownMax));
    reading_.fail("unknown_parameter", "Unknown parameter: '" + param + "'.", param);
    return;
  }
}

}  // namespace parley::protocol::json
