// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/remote/answer.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_decoder.h"

namespace parley::providers::openai {

// The typed events of the Responses API, or its whole response. Reasoning is never said, and
// unknown events are skipped.
class ResponsesStream final : public remote::LlmDecoder {
 public:
  explicit ResponsesStream(std::shared_ptr<const remote::Endpoint> endpoint);

  void on_event(std::string_view type, std::string_view data,
                std::vector<engine::LlmEvent>& out) override;
  void on_document(std::string_view json, std::vector<engine::LlmEvent>& out) override;
  void on_end(bool broken, std::vector<engine::LlmEvent>& out) override;
  // The last event has everything, figures included.
  bool said_all() const override { return false; }

 private:
  using Json = nlohmann::json;
  void take(std::string_view type, const Json& event, std::vector<engine::LlmEvent>& out);
  void take_item(const Json& event, bool whole, std::vector<engine::LlmEvent>& out);
  void take_arguments(const Json& event, bool whole, std::vector<engine::LlmEvent>& out);
  void end(const Json& response, std::vector<engine::LlmEvent>& out);
  void fail(engine::FailureKind kind, std::string_view what, std::vector<engine::LlmEvent>& out);
  void fail_with(const Json& error, std::vector<engine::LlmEvent>& out);

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  remote::Answer answer_;
  std::map<int, std::size_t> slots_;  // output_index -> the number of the call
  bool said_part_ = false;            // by deltas; parts come one after the other
};

}  // namespace parley::providers::openai
