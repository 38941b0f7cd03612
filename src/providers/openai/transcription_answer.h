// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::openai {

// Reads one answer of a transcription API, as a document (json, verbose_json) or as a stream of
// events: OpenAI's transcript.text.*, vLLM's chat-like chunks, and bare {"text": …} segments. Pure:
// what it returns is news for the session; after an SttFinal or a Failure there is no more.
//
// Text is told as people write it: trimmed, with single blanks. A partial text only grows.
class TranscriptionAnswer {
 public:
  using News = std::optional<engine::SttEvent>;

  TranscriptionAnswer(std::shared_ptr<const remote::Endpoint> endpoint, bool logprobs);

  News on_event(std::string_view data);
  News on_document(std::string_view body);
  // The stream ended in order.
  News on_end();

  // The words so far.
  const std::string& text() const { return text_; }

 private:
  News take_event(const nlohmann::json& event);
  News take_chunk(const nlohmann::json& choices);
  News say(std::string_view delta);
  void take_logprobs(const nlohmann::json& holder);
  std::string text_of_segments(const nlohmann::json& document);
  News finish(std::string text);
  News fail(engine::FailureKind kind, std::string_view what);

  const std::shared_ptr<const remote::Endpoint> endpoint_;
  const bool logprobs_wanted_;
  std::string text_;
  bool blank_due_ = false;  // between what was said and what comes
  bool may_end_ = false;    // nothing is missing should the stream end here
  bool over_ = false;
  std::vector<engine::TokenLogprob> logprobs_;
};

}  // namespace parley::providers::openai
