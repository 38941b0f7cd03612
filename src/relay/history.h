// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "protocol/json/flavour.h"
#include "relay/document.h"

namespace parley::relay {

// What an upstream must be told that takes a session over in the middle: its settings and what was
// said, in the client's dialect. Pure; one session's.
//
// Sound cannot be told again: what was said goes over as text, as far as it was transcribed.
// Bounded: the oldest items go.
class History {
 public:
  explicit History(protocol::json::Flavour flavour) : flavour_(flavour) {}

  void client_said(const Value& event);
  void server_said(const Value& event);

  // Events for the new upstream. What it answers to them is not for the client: see hides().
  std::vector<Value> replay();
  // One more session.update is on its way that is not the client's.
  void hide_update() { ++updates_hidden_; }
  // An answer to the events of replay(), or one that the client has had from the former upstream.
  bool hides(const Value& event);

 private:
  struct Item {
    Value value;
    std::size_t bytes = 0;
  };

  void keep_item(const Value& item, std::string_view previous_item_id);
  Item* find_item(std::string_view id);
  void forget_oldest();
  void drop_item(std::string_view id);
  void set_transcript(const Value& event);
  void settle_update();
  void drop_update(const Value& error);

  const protocol::json::Flavour flavour_;
  Value settings_;             // an object, or null: never changed
  std::deque<Value> updates_;  // session.update events, not answered yet
  std::deque<Item> items_;
  std::size_t item_bytes_ = 0;
  std::unordered_set<std::string> replayed_;  // items' ids
  int updates_hidden_ = 0;                    // answers to come
};

}  // namespace parley::relay
