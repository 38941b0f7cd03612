// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/remote/answer.h"
#include "providers/remote/endpoint.h"
#include "providers/remote/llm_decoder.h"
#include "providers/remote/sound_pieces.h"

namespace parley::providers::openai {

// The answer of chat completions, streamed or whole, in all the shapes that servers give it.
// Thinking is never said. Sound is passed on only when `speaks`.
class ChatStream final : public remote::LlmDecoder {
 public:
  ChatStream(std::shared_ptr<const remote::Endpoint> endpoint, bool speaks);

  void on_event(std::string_view type, std::string_view data,
                std::vector<engine::LlmEvent>& out) override;
  void on_document(std::string_view json, std::vector<engine::LlmEvent>& out) override;
  void on_end(bool broken, std::vector<engine::LlmEvent>& out) override;
  bool said_all() const override { return finish_.has_value() && !speaks_; }

 private:
  using Json = nlohmann::json;
  void take(const Json& chunk, std::vector<engine::LlmEvent>& out);
  void take_delta(const Json& delta, bool is_sound, std::vector<engine::LlmEvent>& out);
  void take_call(const Json& call, std::size_t position, std::vector<engine::LlmEvent>& out);
  std::size_t slot_of(const Json& call, std::size_t position);
  void take_usage(const Json& usage);
  void end(std::vector<engine::LlmEvent>& out);
  void fail(engine::FailureKind kind, std::string_view what, std::vector<engine::LlmEvent>& out);

  // Which of the two places a server writes its words into; the first one that had some.
  enum class Words : std::uint8_t { unknown, content, transcript };

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const bool speaks_;
  remote::Answer answer_;
  remote::SoundPieces sound_;
  std::map<long long, std::size_t> slots_;  // the server's index -> ours
  Words words_ = Words::unknown;
  std::optional<engine::LlmFinish> finish_;
  bool failed_ = false;
};

}  // namespace parley::providers::openai
