// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/json/value.h"

// What the beta's cousins share: turning a client's document into the beta's shape.
namespace parley::protocol::rewrite {

// The member `key` of an object; null when there is none or `value` is no object.
json::Value* member(json::Value& value, std::string_view key);
json::Value* member(json::Value* value, std::string_view key);  // null of null

// Takes a member out of an object.
std::optional<json::Value> take(json::Value& object, std::string_view key);

void set(json::Value& object, std::string_view key, json::Value value);

// The text of a string member; empty when it is none.
std::string text_of(json::Value* value);

// Content parts of items, also of a response's own input, by the beta's names: a user's `text` is
// `input_text`, an assistant's `output_text` is `text`.
void name_content_parts(json::Value& document);

// Takes `temperature` out of settings that the beta's range would refuse: 0..2 here, the nearest
// bound beyond. Other types are left for the reader to refuse. `value` may be null.
std::optional<double> take_temperature(json::Value* value);

// Brings `max_response_output_tokens` into the beta's range. `value` may be null.
void fit_max_tokens(json::Value* value);

// Writes `members` (",\"a\":1") into the object `key` that ends the event `text`.
void append_to_session(std::string& text, std::string_view members);

}  // namespace parley::protocol::rewrite
