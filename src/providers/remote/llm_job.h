// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/executor.h"
#include "engine/ports.h"
#include "providers/remote/llm_decoder.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::remote {

// What a language model's adapter knows and the job does not.
struct LlmPlan {
  std::shared_ptr<const Endpoint> endpoint;
  RemoteRequest request;
  // Makes the decoder of one attempt.
  std::function<std::unique_ptr<LlmDecoder>()> decoder;
  // The engine refused the request before it said anything: one that it may take instead, or
  // nothing. Asked at most kRewordingsMax times.
  std::function<std::optional<RemoteRequest>(const engine::Failure&)> reword = {};
};

inline constexpr int kRewordingsMax = 4;

// Sends the request and streams the answer, server-sent events or one JSON document, through the
// decoder to `sink`. Keeps the rules of engine/ports.h.
std::unique_ptr<engine::LlmJob> start_llm(LlmPlan plan, base::Executor& loop,
                                          engine::Sink<engine::LlmEvent> sink);

}  // namespace parley::providers::remote
