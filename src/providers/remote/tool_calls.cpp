// SPDX-License-Identifier: MIT
#include "providers/remote/tool_calls.h"

#include <algorithm>

#include "base/assert.h"

namespace parley::providers::remote {

bool ToolCalls::has_id(std::string_view call_id) const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [&](const Call& call) { return call.call_id == call_id; });
}

void ToolCalls::begin(std::size_t index, std::string_view call_id, std::string_view name,
                      std::vector<engine::LlmEvent>& out) {
  PARLEY_ASSERT(index <= calls_.size());
  if (index == calls_.size()) calls_.emplace_back();
  Call& call = calls_[index];
  // An id that two calls share is none: the session gives the second one its own.
  if (call.call_id.empty() && !has_id(call_id)) call.call_id = call_id;
  if (call.name.empty()) call.name = name;
  if (index == 0 && !first_told_ && !call.name.empty()) {
    first_told_ = true;
    tell_begin(call, out);
    if (!call.arguments.empty()) out.emplace_back(engine::LlmToolCallArguments{call.arguments});
  }
}

void ToolCalls::append(std::size_t index, std::string_view arguments,
                       std::vector<engine::LlmEvent>& out) {
  PARLEY_ASSERT(index < calls_.size());
  if (arguments.empty()) return;
  calls_[index].arguments += arguments;
  if (index == 0 && first_told_)
    out.emplace_back(engine::LlmToolCallArguments{std::string(arguments)});
}

void ToolCalls::finish(std::vector<engine::LlmEvent>& out) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.name.empty()) continue;  // nobody could carry it out
    const bool streamed = i == 0 && first_told_;
    if (!streamed) tell_begin(call, out);
    // "No arguments" is an empty object on the wire.
    if (call.arguments.empty())
      call.arguments = "{}";
    else if (streamed)
      continue;
    out.emplace_back(engine::LlmToolCallArguments{call.arguments});
  }
}

void ToolCalls::tell_begin(const Call& call, std::vector<engine::LlmEvent>& out) const {
  out.emplace_back(engine::LlmToolCallBegin{call.call_id, call.name});
}

}  // namespace parley::providers::remote
