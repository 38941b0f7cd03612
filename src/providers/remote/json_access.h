// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

// Reading JSON that others wrote: nothing here throws, and nothing is taken for granted. The JSON
// library itself is compiled in .cpp files only.
namespace parley::providers::remote {

// The document; `is_discarded()` when it cannot be read. A half of a UTF-16 pair that stands alone
// ("\\ud83d"), as servers write it that cut text between the halves, is left out.
nlohmann::json parse_json(std::string_view text);

// A member that is there. null counts as absent, as servers write it for fields they do not use;
// so does a member of something that is no object.
const nlohmann::json* find_member(const nlohmann::json& object, const char* name);

// The text of a value that may be absent; empty when it is no text. Borrowed from the value.
std::string_view text_of(const nlohmann::json* value);
std::string_view member_text(const nlohmann::json& object, const char* name);

// A count; nothing when it is absent, no whole number, negative or beyond an int.
std::optional<int> count_of(const nlohmann::json* value);
std::optional<int> member_count(const nlohmann::json& object, const char* name);

}  // namespace parley::providers::remote
