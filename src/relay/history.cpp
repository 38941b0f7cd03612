// SPDX-License-Identifier: MIT
#include "relay/history.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace parley::relay {
namespace {

using protocol::json::Array;
using protocol::json::Flavour;
using protocol::json::Member;

constexpr std::size_t kItemsMax = 256;
constexpr std::size_t kItemBytesMax = 4U << 20U;  // images count most
constexpr std::size_t kUpdatesMax = 16;
constexpr std::string_view kOwnEvents = "relay_";

// Members that are objects are merged, all others replaced: as session.update is read.
void merge(Value& into, const Value& from) {
  const auto* members = std::get_if<protocol::json::Object>(&from.data);
  if (members == nullptr || into.object() == nullptr) {
    into = from;
    return;
  }
  for (const Member& each : *members) {
    if (Value* old = member(into, each.key)) {
      merge(*old, each.value);
    } else {
      set(into, each.key, each.value);
    }
  }
}

Value text_part(std::string_view type, std::string_view text) {
  Value part = object_value();
  set(part, "type", text_value(type));
  set(part, "text", text_value(text));
  return part;
}

// A part of a message as it can be told again; nothing: it cannot.
std::optional<Value> told_again(const Value& part, std::string_view text_type) {
  const std::string_view type = text_at(part, "type");
  if (type == "input_image") return part;
  std::string_view text = text_at(part, "text");
  if (text.empty()) text = text_at(part, "transcript");
  if (text.empty()) return std::nullopt;
  return text_part(text_type, text);
}

std::optional<Value> message_again(const Value& item, Flavour flavour) {
  const std::string_view role = text_at(item, "role");
  const char* const said = flavour == Flavour::ga ? "output_text" : "text";
  const Value* content = protocol::json::find(item, "content");
  const auto* parts = content == nullptr ? nullptr : std::get_if<Array>(&content->data);
  if (parts == nullptr) return std::nullopt;
  Array kept;
  for (const Value& part : *parts) {
    if (auto again = told_again(part, role == "assistant" ? said : "input_text")) {
      kept.push_back(std::move(*again));
    }
  }
  if (kept.empty()) return std::nullopt;
  Value message = object_value();
  set(message, "role", text_value(role));
  set(message, "content", Value{std::move(kept)});
  return message;
}

// The item as a client would create it.
std::optional<Value> item_again(const Value& item, Flavour flavour) {
  const std::string_view type = text_at(item, "type");
  std::optional<Value> again;
  if (type == "message") {
    again = message_again(item, flavour);
  } else if (type == "function_call" || type == "function_call_output") {
    again = object_value();
    for (const char* key : {"call_id", "name", "arguments", "output"}) {
      const std::string_view text = text_at(item, key);
      if (!text.empty()) set(*again, key, text_value(text));
    }
    // One that was cut short.
    if (type == "function_call" && member(*again, "arguments") == nullptr) return std::nullopt;
  }
  if (!again) return std::nullopt;
  set(*again, "id", text_value(text_at(item, "id")));
  set(*again, "type", text_value(type));
  return again;
}

bool announces_item(std::string_view type) {
  return type == "conversation.item.added" || type == "conversation.item.done" ||
         type == "conversation.item.created";
}

}  // namespace

void History::client_said(const Value& event) {
  if (text_at(event, "type") != "session.update") return;
  if (updates_.size() >= kUpdatesMax) updates_.pop_front();
  updates_.push_back(event);
}

void History::server_said(const Value& event) {
  const std::string_view type = text_at(event, "type");
  if (announces_item(type) || type == "response.output_item.done") {
    if (const Value* item = protocol::json::find(event, "item")) {
      keep_item(*item, text_at(event, "previous_item_id"));
    }
  } else if (type == "conversation.item.input_audio_transcription.completed") {
    set_transcript(event);
  } else if (type == "conversation.item.deleted" || type == "conversation.item.truncated") {
    // Of one that was truncated nobody knows the words that were heard.
    drop_item(text_at(event, "item_id"));
  } else if (type.ends_with("session.updated")) {
    settle_update();
  } else if (type == "error") {
    if (const Value* error = protocol::json::find(event, "error")) drop_update(*error);
  }
}

void History::settle_update() {
  if (updates_.empty()) return;
  if (const Value* session = protocol::json::find(updates_.front(), "session")) {
    if (settings_.object() == nullptr) settings_ = object_value();
    merge(settings_, *session);
  }
  updates_.pop_front();
}

// An update that was refused changed nothing.
void History::drop_update(const Value& error) {
  if (updates_.empty()) return;
  const std::string_view id = text_at(error, "event_id");
  if (id.empty()) {
    if (text_at(error, "param").starts_with("session")) updates_.pop_front();
    return;
  }
  std::erase_if(updates_, [&](const Value& each) { return text_at(each, "event_id") == id; });
}

History::Item* History::find_item(std::string_view id) {
  const auto found = std::ranges::find_if(
      items_, [&](const Item& each) { return !id.empty() && text_at(each.value, "id") == id; });
  return found == items_.end() ? nullptr : &*found;
}

void History::keep_item(const Value& item, std::string_view previous_item_id) {
  const std::string_view id = text_at(item, "id");
  if (id.empty()) return;
  Item fresh{item, to_text(item).size()};
  if (Item* known = find_item(id)) {
    // The words may have come before the item was done.
    if (!item_again(item, flavour_) && item_again(known->value, flavour_)) return;
    item_bytes_ += fresh.bytes - known->bytes;
    *known = std::move(fresh);
    return forget_oldest();
  }
  item_bytes_ += fresh.bytes;
  const auto before = std::ranges::find_if(
      items_, [&](const Item& each) { return text_at(each.value, "id") == previous_item_id; });
  items_.insert(before == items_.end() ? before : before + 1, std::move(fresh));
  forget_oldest();
}

void History::forget_oldest() {
  while (!items_.empty() && (items_.size() > kItemsMax || item_bytes_ > kItemBytesMax)) {
    item_bytes_ -= items_.front().bytes;
    items_.pop_front();
  }
}

void History::drop_item(std::string_view id) {
  std::erase_if(items_, [&](const Item& each) {
    if (text_at(each.value, "id") != id) return false;
    item_bytes_ -= each.bytes;
    return true;
  });
}

void History::set_transcript(const Value& event) {
  Item* item = find_item(text_at(event, "item_id"));
  Value* content = item == nullptr ? nullptr : member(item->value, "content");
  Array* parts = content == nullptr ? nullptr : content->array();
  if (parts == nullptr) return;
  const Value* index = protocol::json::find(event, "content_index");
  const auto* number = index == nullptr ? nullptr : std::get_if<std::int64_t>(&index->data);
  const std::int64_t at = number == nullptr ? 0 : *number;
  if (at < 0 || at >= std::ssize(*parts)) return;
  set((*parts)[static_cast<std::size_t>(at)], "transcript",
      text_value(text_at(event, "transcript")));
}

std::vector<Value> History::replay() {
  std::vector<Value> events;
  const auto add = [&](std::string_view type, std::string_view key, Value value) {
    Value event = object_value();
    set(event, "type", text_value(type));
    set(event, "event_id", text_value(std::string(kOwnEvents) + std::to_string(events.size())));
    set(event, key, std::move(value));
    events.push_back(std::move(event));
  };
  updates_hidden_ = 0;
  if (settings_.object() != nullptr) {
    add("session.update", "session", settings_);
    updates_hidden_ = 1;
  }
  // The client still waits for the answers to these.
  for (const Value& update : updates_) events.push_back(update);
  for (const Item& item : items_) {
    auto again = item_again(item.value, flavour_);
    if (!again) continue;
    replayed_.emplace(text_at(item.value, "id"));
    add("conversation.item.create", "item", std::move(*again));
  }
  return events;
}

bool History::hides(const Value& event) {
  const std::string_view type = text_at(event, "type");
  if (type.ends_with("session.updated")) return updates_hidden_ > 0 && updates_hidden_-- > 0;
  if (type == "error") {
    const Value* error = protocol::json::find(event, "error");
    return error != nullptr && text_at(*error, "event_id").starts_with(kOwnEvents);
  }
  if (!announces_item(type) || replayed_.empty()) return false;
  const Value* item = protocol::json::find(event, "item");
  return item != nullptr && replayed_.contains(std::string(text_at(*item, "id")));
}

}  // namespace parley::relay
