// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/json/value.h"

// Edits of a parsed event. A value that is no object has no members: nothing is found in it, and
// what is set on it is dropped, so that odd documents pass through instead of being judged here.
namespace parley::relay {

using protocol::json::Value;

Value text_value(std::string_view text);
Value object_value();

// The member `key`; nullptr when there is none. Good until the object changes.
Value* member(Value& object, std::string_view key);
// The text of a string member; empty when there is none. Borrowed from `object`.
std::string_view text_at(const Value& object, std::string_view key);
// Removes the member and returns it.
std::optional<Value> take(Value& object, std::string_view key);
void drop(Value& object, std::string_view key);
// Replaces the member where it stands, or appends it.
void set(Value& object, std::string_view key, Value value);
// Appends the member unless it is there.
void set_missing(Value& object, std::string_view key, Value value);
// take() and set() under another name; nothing happens when there is no such member.
void move(Value& from, std::string_view key, Value& to, std::string_view new_key);

std::string to_text(const Value& value);

}  // namespace parley::relay
