// SPDX-License-Identifier: MIT
// The Responses API: requests out of a conversation, and its events as the session sees them.
#include <doctest/doctest.h>

#include <initializer_list>
#include <nlohmann/json.hpp>

#include "providers/openai/responses_request.h"
#include "providers/openai/responses_stream.h"
#include "tests/providers/remote/llm_bytes.h"
#include "tests/providers/remote/llm_transcript.h"

namespace parley::tests {
namespace {

using namespace engine;
using Json = nlohmann::json;
using providers::openai::responses_request;
using providers::openai::ResponsesOptions;
using providers::openai::ResponsesStream;

std::shared_ptr<const providers::remote::Endpoint> endpoint() {
  providers::remote::Endpoint made;
  made.engine = "llm.smart";
  return std::make_shared<const providers::remote::Endpoint>(made);
}

std::string told(std::initializer_list<std::string> events_in) {
  ResponsesStream stream(endpoint());
  std::vector<LlmEvent> events;
  for (const auto& event : events_in) {
    if (providers::remote::is_over(events)) break;
    if (event == "END")
      stream.on_end(false, events);
    else
      stream.on_event({}, event, events);
  }
  return transcript(events);
}

std::string text(const std::string& delta) {
  return R"({"type":"response.output_text.delta","item_id":"msg_1","output_index":0,)"
         R"("content_index":0,"delta":")" +
         delta + R"(","logprobs":[],"obfuscation":"x"})";
}
const std::string kCompleted =
    R"({"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":9,
        "input_tokens_details":{"cached_tokens":4},"output_tokens":3}}})";

TEST_CASE("a conversation becomes items") {
  LlmRequest request;
  request.instructions = "Be brief.";
  Utterance user;
  user.text = "What is this?";
  user.images = {{"https://example.com/a.png", "high"}};
  Utterance assistant;
  assistant.speaker = Speaker::assistant;
  assistant.text = "Let me see.";
  request.history = {user, assistant, ToolCall{"c1", "look", "{}"}, ToolCall{"c2", "ask", "{}"},
                     ToolResult{"c1", "a cat"}};
  request.tools = {{"look", "Looks.", {R"({"type":"object"})"}}};
  request.forced_tool = "look";
  request.max_output_tokens = 5;
  request.reasoning_effort = "low";
  ResponsesOptions options;
  options.model = "m";
  CHECK(Json::parse(responses_request(options, request)) == Json::parse(R"({
    "model":"m","instructions":"Be brief.","input":[
      {"type":"message","role":"user","content":[{"type":"input_text","text":"What is this?"},
        {"type":"input_image","image_url":"https://example.com/a.png","detail":"high"}]},
      {"type":"message","role":"assistant","content":[
        {"type":"output_text","text":"Let me see."}]},
      {"type":"function_call","call_id":"c1","name":"look","arguments":"{}"},
      {"type":"function_call","call_id":"c2","name":"ask","arguments":"{}"},
      {"type":"function_call_output","call_id":"c1","output":"a cat"},
      {"type":"function_call_output","call_id":"c2","output":"No result yet."}],
    "tools":[{"type":"function","name":"look","description":"Looks.",
      "parameters":{"type":"object"},"strict":false}],
    "tool_choice":{"type":"function","name":"look"},
    "stream":true,"store":false,"max_output_tokens":16,"reasoning":{"effort":"low"}})"));
}

TEST_CASE("words stream, and the last event has the figures") {
  CHECK(told({R"({"type":"response.created","response":{}})",
              R"({"type":"response.output_item.added","output_index":0,
                  "item":{"type":"message","content":[]}})",
              text("It is "), text("three."),
              R"({"type":"response.output_text.done","text":"It is three."})", kCompleted}) ==
        "It is three. | stop 9/3/4");
}

TEST_CASE("reasoning and unknown events are skipped, refusals are said") {
  CHECK(told({R"({"type":"response.reasoning_summary_text.delta","delta":"Hm."})",
              R"({"type":"response.reasoning_text.delta","delta":"Hm."})",
              R"({"type":"response.brand_new","delta":"?"})", "[DONE]",
              R"({"type":"response.refusal.delta","delta":"I won't."})", kCompleted}) ==
        "I won't. | stop 9/3/4");
}

TEST_CASE("text that comes only with its end is said") {
  CHECK(told({R"({"type":"response.output_text.done","text":"It is three. "})", text("Or "),
              text("four."), R"({"type":"response.output_text.done","text":"Or four."})",
              R"({"type":"response.refusal.done","refusal":"I won't say."})", kCompleted}) ==
        "It is three. Or four.I won't say. | stop 9/3/4");
}

TEST_CASE("calls stream, or come whole with their item") {
  const auto added = [](int index, const std::string& rest) {
    return R"({"type":"response.output_item.added","output_index":)" + std::to_string(index) +
           R"(,"item":{"type":"function_call",)" + rest + "}}";
  };
  CHECK(
      told({added(1, R"("id":"fc_1","call_id":"call_1","name":"now","arguments":"")"),
            R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a"})",
            R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"\":1}"})",
            R"({"type":"response.function_call_arguments.done","output_index":1,
                  "arguments":"{\"a\":1}"})",
            R"({"type":"response.output_item.done","output_index":1,"item":{
                  "type":"function_call","call_id":"call_1","name":"now",
                  "arguments":"{\"a\":1}"}})",
            added(2, R"("call_id":"call_2","name":"day","arguments":"")"),
            R"({"type":"response.function_call_arguments.done","output_index":2,
                  "arguments":"{}"})",
            R"({"type":"response.output_item.done","output_index":3,"item":{
                  "type":"function_call","call_id":"call_3","name":"year","arguments":"[]"}})",
            kCompleted}) ==
      R"(now#call_1({"a":1}) | day#call_2({}) | year#call_3([]) | stop 9/3/4)");
}

TEST_CASE("every ending has its meaning") {
  const auto incomplete = [](const std::string& reason) {
    return R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":")" +
           reason + R"("}}})";
  };
  CHECK(told({text("A"), incomplete("max_output_tokens")}) == "A | length");
  CHECK(told({text("A"), incomplete("content_filter")}) == "A | content_filter");
  CHECK(told({text("A"), R"({"type":"response.failed","response":{"error":{
              "code":"rate_limit_exceeded","message":"Slow down."}}})"}) ==
        "A | failure: llm.smart asks for fewer requests: Slow down.");
  CHECK(told({R"({"type":"error","code":"server_error","message":"Sorry.","param":null})"}) ==
        "failure: llm.smart failed: Sorry.");
  CHECK(told({text("A"), "END"}) == "A | failure: llm.smart ended its answer without finishing it");
  CHECK(told({"{\"type\":"}).find("no JSON object") != std::string::npos);
}

TEST_CASE("a stream means the same wherever it is cut") {
  const std::string bytes = "event: response.output_text.delta\r\ndata: " + text("Grüße ") +
                            "\r\n\r\nevent: response.output_text.delta\ndata: " + text("你好") +
                            "\n\n: ping\n\ndata: {\"type\":\"response.completed\"}\n\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ResponsesStream stream(endpoint());
    CHECK(decoded(stream, bytes, cut) == "Grüße 你好 | stop");
  }
}

TEST_CASE("a whole response in place of a stream is taken") {
  ResponsesStream stream(endpoint());
  std::vector<LlmEvent> events;
  SUBCASE("a response") {
    stream.on_document(R"({"object":"response","status":"completed","error":null,"output":[
      {"type":"reasoning","summary":[]},
      {"type":"message","content":[{"type":"output_text","text":"Hi."}]},
      {"type":"function_call","call_id":"1","name":"a","arguments":"{}"}]})",
                       events);
    CHECK(transcript(events) == "Hi. | a#1({}) | stop");
  }
  SUBCASE("an error") {
    stream.on_document(R"({"error":{"message":"no"}})", events);
    CHECK(transcript(events) == "failure: llm.smart failed: no");
  }
  SUBCASE("something else") {
    stream.on_document("[]", events);
    CHECK(transcript(events) == "failure: llm.smart answered with JSON that is no response");
  }
}

}  // namespace
}  // namespace parley::tests
