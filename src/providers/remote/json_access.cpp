// SPDX-License-Identifier: MIT
#include "providers/remote/json_access.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace parley::providers::remote {

using nlohmann::json;

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
