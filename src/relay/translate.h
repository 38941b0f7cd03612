// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json/flavour.h"
#include "relay/document.h"

namespace parley::relay {

using protocol::json::Flavour;

// One conversation's events from the client's dialect into the upstream's and back, as documents.
// Pure: no I/O, no clock. Remembers only what the other side of a pair of events needs: which items
// are still being spoken (GA tells when they are done, beta does not). An event or member that
// neither dialect names passes through. With the same dialect on both sides nothing changes.
// Source: the published schemas of GA and beta; docs of the Realtime API, migration guide.
class Translator {
 public:
  Translator(Flavour client, Flavour upstream) : client_(client), upstream_(upstream) {}

  bool same() const { return client_ == upstream_; }
  // A client event as the upstream reads it.
  Value to_upstream(Value event) const;
  // A server event as the client reads it: none when its dialect has no such event, two when it has
  // two for one (conversation.item.added and .done).
  std::vector<Value> to_client(Value event);

 private:
  struct OpenItem {
    std::string id;
    std::string function_name;  // GA repeats it when the arguments are done
    bool in_conversation = false;
    Value previous_item_id;
  };

  std::vector<Value> to_ga_client(Value event);
  std::vector<Value> item_created_to_ga(Value event);
  std::vector<Value> output_item_done_to_ga(Value event);
  OpenItem& open_item(std::string_view id);
  OpenItem* find_open(std::string_view id);

  Flavour client_;
  Flavour upstream_;
  std::deque<OpenItem> open_;  // bounded: the oldest goes
};

// The name of a server event's type in the other dialect; the same where they agree. For events
// that differ in nothing else, such as audio deltas.
std::string_view server_type_in(Flavour flavour, std::string_view type);

}  // namespace parley::relay
