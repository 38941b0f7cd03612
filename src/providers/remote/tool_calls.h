// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace parley::providers::remote {

// Puts streamed tool calls in order. Engines may mix the fragments of parallel calls; the session
// takes one call after the other. So the first call streams as it comes, the others are told whole
// at the end. Servers leave out what they like: ids, names after the first fragment, arguments.
class ToolCalls {
 public:
  // The call that number `index` of the answer means from now on. Begins it when it is new.
  void begin(std::size_t index, std::string_view call_id, std::string_view name,
             std::vector<engine::LlmEvent>& out);
  void append(std::size_t index, std::string_view arguments, std::vector<engine::LlmEvent>& out);
  void finish(std::vector<engine::LlmEvent>& out);

  bool empty() const { return calls_.empty(); }
  std::size_t size() const { return calls_.size(); }
  const std::string& arguments(std::size_t index) const { return calls_[index].arguments; }
  const std::string& call_id(std::size_t index) const { return calls_[index].call_id; }
  const std::string& name(std::size_t index) const { return calls_[index].name; }

 private:
  struct Call {
    std::string call_id;
    std::string name;
    std::string arguments;
  };
  bool has_id(std::string_view call_id) const;
  void tell_begin(const Call& call, std::vector<engine::LlmEvent>& out) const;

  std::vector<Call> calls_;  // in the order in which they began
  bool first_told_ = false;  // its begin is out
};

}  // namespace parley::providers::remote
