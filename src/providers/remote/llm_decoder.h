// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "engine/types.h"

namespace parley::providers::remote {

// Has the job's last event been told?
inline bool is_over(const std::vector<engine::LlmEvent>& events) {
  return !events.empty() && (std::holds_alternative<engine::LlmDone>(events.back()) ||
                             std::holds_alternative<engine::Failure>(events.back()));
}

// Turns the answer to one request into the session's events. Pure: bytes in, events out. Each
// function appends to `out`; once it appended LlmDone or Failure, none is called again.
class LlmDecoder {
 public:
  virtual ~LlmDecoder() = default;
  // One server-sent event; `type` is empty when it had none.
  virtual void on_event(std::string_view type, std::string_view data,
                        std::vector<engine::LlmEvent>& out) = 0;
  // The answer was not a stream but one JSON document.
  virtual void on_document(std::string_view json, std::vector<engine::LlmEvent>& out) = 0;
  // The answer is over, in good order or (`broken`) not. Appends LlmDone if nothing is missing that
  // matters, and otherwise a Failure unless `broken`, which has one already.
  virtual void on_end(bool broken, std::vector<engine::LlmEvent>& out) = 0;
  // All has been said; only figures may follow. Some servers then fall silent.
  virtual bool said_all() const = 0;
};

}  // namespace parley::providers::remote
