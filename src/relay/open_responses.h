// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "relay/document.h"

namespace parley::relay {

// The responses that a client was told of and whose end it was not: as it last saw them. When the
// upstream is gone, they are ended in its place.
class OpenResponses {
 public:
  // The `response` of response.created, in the client's dialect. Bounded: the oldest is forgotten.
  void begin(const Value& response);
  void end(std::string_view id);
  bool empty() const { return open_.empty(); }
  // A `response` for response.done each: failed, with the given reason. None is open afterwards.
  std::vector<Value> fail_all(const engine::Failure& failure);

 private:
  std::deque<Value> open_;
};

}  // namespace parley::relay
