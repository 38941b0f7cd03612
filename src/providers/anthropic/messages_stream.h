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

namespace parley::providers::anthropic {

// The events of the Messages API, or its whole message. Thinking is never said; pings and unknown
// events are skipped.
class MessagesStream final : public remote::LlmDecoder {
 public:
  explicit MessagesStream(std::shared_ptr<const remote::Endpoint> endpoint);

  void on_event(std::string_view type, std::string_view data,
                std::vector<engine::LlmEvent>& out) override;
  void on_document(std::string_view json, std::vector<engine::LlmEvent>& out) override;
  void on_end(bool broken, std::vector<engine::LlmEvent>& out) override;
  bool said_all() const override { return finish_.has_value(); }

 private:
  using Json = nlohmann::json;
  void begin_block(int index, const Json& block, std::vector<engine::LlmEvent>& out);
  void take_delta(int index, const Json& delta, std::vector<engine::LlmEvent>& out);
  void take_usage(const Json& holder);
  void take_stop(const Json& holder);
  void end(std::vector<engine::LlmEvent>& out);
  void fail(engine::FailureKind kind, std::string_view what, std::vector<engine::LlmEvent>& out);

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  remote::Answer answer_;
  std::map<int, std::size_t> slots_;  // the block's index -> the number of the call
  std::optional<engine::LlmFinish> finish_;
};

}  // namespace parley::providers::anthropic
