// SPDX-License-Identifier: MIT
#include "providers/remote/json_access.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace parley::providers::remote {

using nlohmann::json;

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The code unit of an escape that begins here; nothing when none does.
std::optional<int> escaped_unit(std::string_view text) {
  constexpr std::size_t kEscapeChars = 6;
  if (text.size() < kEscapeChars || !text.starts_with("\\u")) return std::nullopt;
  const std::string digits(text.substr(2, 4));
  if (!std::all_of(digits.begin(), digits.end(), is_hex)) return std::nullopt;
  return std::stoi(digits, nullptr, 16);
}

std::string without_half_pairs(std::string_view text) {
  const auto in = [](std::optional<int> unit, int first) {
    return unit && *unit >= first && *unit < first + 0x400;
  };
  std::string out;
  while (!text.empty()) {
    std::size_t kept = text.front() == '\\' ? 2 : 1;
    if (const auto unit = escaped_unit(text)) {
      constexpr std::size_t kEscapeChars = 6;
      kept = kEscapeChars;
      const bool leads = in(unit, 0xD800);
      if (leads && in(escaped_unit(text.substr(kept)), 0xDC00)) {
        kept = 2 * kEscapeChars;
      } else if (leads || in(unit, 0xDC00)) {
        text.remove_prefix(kept);
        continue;
      }
    }
    out += text.substr(0, kept);
    text.remove_prefix(std::min(kept, text.size()));
  }
  return out;
}

}  // namespace

json parse_json(std::string_view text) {
  json document = json::parse(text, nullptr, false);
  if (document.is_discarded() && text.find("\\u") != std::string_view::npos) {
    document = json::parse(without_half_pairs(text), nullptr, false);
  }
  return document;
}

const json* find_member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string_view text_of(const json* value) {
  if (value == nullptr || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

std::string_view member_text(const json& object, const char* name) {
  return text_of(find_member(object, name));
}

std::optional<int> count_of(const json* value) {
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  const auto number = value->get<long long>();
  if (number < 0 || number > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(number);
}

std::optional<int> member_count(const json& object, const char* name) {
  return count_of(find_member(object, name));
}

}  // namespace parley::providers::remote
