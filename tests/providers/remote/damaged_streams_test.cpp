// SPDX-License-Identifier: MIT
// Goal: no answer, however damaged, makes a decoder break the order that the session relies on.
// Method: recorded streams of every decoder, with bytes changed, lost and doubled from a seed.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "providers/anthropic/messages_stream.h"
#include "providers/openai/chat_stream.h"
#include "providers/openai/responses_stream.h"
#include "tests/providers/remote/llm_bytes.h"

namespace parley::tests {
namespace {

using providers::remote::LlmDecoder;

std::shared_ptr<const providers::remote::Endpoint> endpoint() {
  providers::remote::Endpoint made;
  made.engine = "llm.fast";
  return std::make_shared<const providers::remote::Endpoint>(made);
}

const std::string kChat =
    R"(data: {"choices":[{"index":0,"delta":{"role":"assistant",
data: "content":"<think>a</think>Hi"}}]}

data: {"choices":[{"index":0,"delta":{"audio":{"id":"a","data":"UklGRiQAAABXQVZF",
data: "transcript":"x"}}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","function":
data: {"name":"a","arguments":"{"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"2","function":
data: {"name":"b","arguments":"{}"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":
data: {"arguments":"}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":
data: {"prompt_tokens":2}}

data: [DONE]

)";
const std::string kResponses =
    R"(data: {"type":"response.output_text.delta","output_index":0,"delta":"Hi"}

data: {"type":"response.output_item.added","output_index":1,"item":
data: {"type":"function_call","call_id":"1","name":"a","arguments":""}}

data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}

data: {"type":"response.output_item.done","output_index":2,"item":
data: {"type":"function_call","call_id":"2","name":"b","arguments":"{}"}}

data: {"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":2}}}

)";
const std::string kMessages =
    R"(data: {"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}}

data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}

data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use",
data: "id":"1","name":"a","input":{}}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",
data: "partial_json":"{}"}}

data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":3}}

data: {"type":"message_stop"}

)";

std::string damaged(std::string bytes, base::Random& random) {
  for (std::uint64_t times = random.below(4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = random.below(bytes.size());
    const std::size_t length = std::min<std::size_t>(random.below(80), bytes.size() - at);
    switch (random.below(4)) {
      case 0:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(random.below(bytes.size()), bytes.substr(at, length));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

// What the session takes for granted: see engine/types.h.
bool in_order(const std::vector<engine::LlmEvent>& events) {
  bool calling = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool last = i + 1 == events.size();
    const bool ends = std::holds_alternative<engine::LlmDone>(events[i]) ||
                      std::holds_alternative<engine::Failure>(events[i]);
    if (ends != last) return false;
    if (std::holds_alternative<engine::LlmToolCallArguments>(events[i]) && !calling) return false;
    if (std::holds_alternative<engine::LlmToolCallBegin>(events[i])) calling = true;
    if (std::holds_alternative<engine::LlmText>(events[i])) calling = false;
  }
  return !events.empty();
}

TEST_CASE("streams damaged in three thousand ways end once, in order") {
  struct Kind {
    const std::string& bytes;
    std::function<std::unique_ptr<LlmDecoder>()> make;
  };
  const std::vector<Kind> kinds = {
      {kChat, [] { return std::make_unique<providers::openai::ChatStream>(endpoint(), true); }},
      {kResponses, [] { return std::make_unique<providers::openai::ResponsesStream>(endpoint()); }},
      {kMessages,
       [] { return std::make_unique<providers::anthropic::MessagesStream>(endpoint()); }},
  };
  for (const auto& kind : kinds) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      CAPTURE(seed);
      base::Random random(seed);
      const std::string bytes = damaged(kind.bytes, random);
      const auto decoder = kind.make();
      CHECK(in_order(decoded_events(*decoder, bytes, random.below(bytes.size() + 1))));
    }
  }
}

TEST_CASE("documents damaged in a thousand ways end once, in order") {
  const std::string chat =
      R"({"choices":[{"index":0,"message":{"content":"Hi","tool_calls":[{"id":"1","function":)"
      R"({"name":"a","arguments":"{}"}}]},"finish_reason":"stop"}]})";
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    providers::openai::ChatStream decoder(endpoint(), false);
    std::vector<engine::LlmEvent> events;
    decoder.on_document(damaged(chat, random), events);
    CHECK(in_order(events));
  }
}

}  // namespace
}  // namespace parley::tests
