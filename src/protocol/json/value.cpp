// SPDX-License-Identifier: MIT
#include "protocol/json/value.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json/writer.h"

namespace parley::protocol::json {
namespace {

// Receives nlohmann's events and builds our document; returning false ends the parse.
class Builder {
 public:
  using Library = nlohmann::json;

  bool null() { return place() != nullptr; }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value > kMax) return add(static_cast<double>(value));
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Library::binary_t&) { return false; }

  bool start_object(std::size_t) { return open<Object>(); }
  bool key(std::string& key) {
    key_ = std::move(key);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open<Array>(); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return false;
  }

  Value take() { return std::move(root_); }

 private:
  // A null where the next value belongs; nullptr when there are too many.
  Value* place() {
    if (++values_ > kValuesMax) return nullptr;
    if (open_.empty()) return &root_;
    if (Array* array = open_.back()->array()) return &array->emplace_back();
    Member& member = open_.back()->object()->emplace_back();
    member.key = std::move(key_);
    return &member.value;
  }

  template <class T>
  bool add(T value) {
    Value* placed = place();
    if (placed != nullptr) placed->data.emplace<T>(std::move(value));
    return placed != nullptr;
  }

  // The pointers in `open_` stay good: a container only grows while it is the innermost open one.
  template <class T>
  bool open() {
    Value* placed = open_.size() < kDepthMax ? place() : nullptr;
    if (placed == nullptr) return false;
    placed->data.emplace<T>();
    open_.push_back(placed);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Value root_;
  std::vector<Value*> open_;
  std::string key_;
  std::size_t values_ = 0;
};

}  // namespace

std::optional<Value> parse(std::string_view text) {
  // The library takes a NUL between tokens for the end of the text; JSON has no place for one.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return builder.take();
}

void append_text(const Value& value, std::string& out) {
  if (const auto* object = std::get_if<Object>(&value.data)) {
    out += '{';
    for (const Member& member : *object) {
      if (out.back() != '{') out += ',';
      append_string(member.key, out);
      out += ':';
      append_text(member.value, out);
    }
    out += '}';
  } else if (const auto* array = std::get_if<Array>(&value.data)) {
    out += '[';
    for (const Value& element : *array) {
      if (out.back() != '[') out += ',';
      append_text(element, out);
    }
    out += ']';
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    append_string(*text, out);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    append_integer(*whole, out);
  } else if (const auto* decimal = std::get_if<double>(&value.data)) {
    append_number(*decimal, out);
  } else if (const auto* flag = std::get_if<bool>(&value.data)) {
    out += *flag ? "true" : "false";
  } else {
    out += "null";
  }
}

const Value* find(const Value& value, std::string_view key) {
  const auto* object = std::get_if<Object>(&value.data);
  if (object == nullptr) return nullptr;
  const Value* found = nullptr;
  for (const Member& member : *object) {
    if (member.key == key) found = &member.value;
  }
  return found;
}

}  // namespace parley::protocol::json
