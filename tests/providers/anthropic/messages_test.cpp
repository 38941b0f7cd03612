// SPDX-License-Identifier: MIT
// The Messages API: requests out of a conversation, and its events as the session sees them.
#include <doctest/doctest.h>

#include <initializer_list>
#include <nlohmann/json.hpp>

#include "providers/anthropic/messages_request.h"
#include "providers/anthropic/messages_stream.h"
#include "tests/providers/remote/llm_bytes.h"
#include "tests/providers/remote/llm_transcript.h"

namespace parley::tests {
namespace {

using namespace engine;
using Json = nlohmann::json;
using providers::anthropic::messages_request;
using providers::anthropic::MessagesOptions;
using providers::anthropic::MessagesStream;

std::shared_ptr<const providers::remote::Endpoint> endpoint() {
  providers::remote::Endpoint made;
  made.engine = "llm.wise";
  return std::make_shared<const providers::remote::Endpoint>(made);
}

std::string told(std::initializer_list<std::string> events_in) {
  MessagesStream stream(endpoint());
  std::vector<LlmEvent> events;
  for (const auto& event : events_in) {
    if (providers::remote::is_over(events)) break;
    if (event == "END" || event == "CUT")
      stream.on_end(event == "CUT", events);
    else
      stream.on_event({}, event, events);
  }
  return transcript(events);
}

Json body(const LlmRequest& request) {
  MessagesOptions options;
  options.model = "m";
  return Json::parse(messages_request(options, request));
}

Utterance said(Speaker speaker, std::string words) {
  Utterance made;
  made.speaker = speaker;
  made.text = std::move(words);
  return made;
}

const std::string kStart =
    R"({"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1,
        "cache_read_input_tokens":5,"cache_creation_input_tokens":2}}})";
const std::string kText =
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
const std::string kStop = R"({"type":"message_stop"})";

std::string delta(int index, const std::string& inner) {
  return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":{)" +
         inner + "}}";
}
std::string words(const std::string& text) {
  return delta(0, R"("type":"text_delta","text":")" + text + "\"");
}
std::string stopped(const std::string& reason) {
  return R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
         R"(","stop_sequence":null},"usage":{"output_tokens":7}})";
}

TEST_CASE("roles take turns, and results come first in the user's next message") {
  LlmRequest request;
  request.instructions = "Be brief.";
  request.history = {said(Speaker::assistant, "Hello!"),
                     said(Speaker::user, "Time?"),
                     said(Speaker::user, "Quick."),
                     said(Speaker::assistant, "Let me see."),
                     ToolCall{"c1", "now", R"({"tz":"UTC"})"},
                     ToolCall{"c2", "day", "broken"},
                     said(Speaker::user, "Well?"),
                     ToolResult{"c1", "12:00"},
                     said(Speaker::system, "The user is in Rome."),
                     said(Speaker::user, "  ")};
  const Json given = body(request);
  CHECK(given["system"] == "Be brief.\n\nThe user is in Rome.");
  CHECK(given["max_tokens"] == 1024);
  CHECK(given["messages"] == Json::parse(R"j([
    {"role":"user","content":[{"type":"text","text":"(The user has not said anything yet.)"
}]
},
    {"role":"assistant","content":[{"type":"text","text":"Hello!"}]},
    {"role":"user","content":[{"type":"text","text":"Time?"},{"type":"text","text":"Quick."}]},
    {"role":"assistant","content":[{"type":"text","text":"Let me see."},
      {"type":"tool_use","id":"c1","name":"now","input":{"tz":"UTC"}},
      {"type":"tool_use","id":"c2","name":"day","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"12:00"},
      {"type":"tool_result","tool_use_id":"c2","content":"No result yet."},
      {"type":"text","text":"Well?"}]}])j"));
}

TEST_CASE("the user has the last word, even when they said nothing") {
  CHECK(body({})["messages"].size() == 1);
  CHECK(body({})["messages"][0]["role"] == "user");
  LlmRequest request;
  request.history = {said(Speaker::user, "Hi"), said(Speaker::assistant, "Hello.")};
  CHECK(body(request)["messages"].back()["role"] == "user");
}

TEST_CASE("images are taken out of data URLs") {
  LlmRequest request;
  Utterance look = said(Speaker::user, "");
  look.images = {{"data:image/png;base64,AAAA"}, {"https://example.com/a.png"}};
  request.history = {look};
  CHECK(body(request)["messages"][0]["content"] == Json::parse(R"([
    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
    {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}])"));
}

TEST_CASE("tools and their choice take this API's form, temperature its scale") {
  LlmRequest request;
  request.tools = {{"now", "The time.", {}}};
  request.temperature = 1.3;
  CHECK(body(request)["tools"] == Json::parse(R"([{"name":"now","description":"The time.",
                                                   "input_schema":{"type":"object"}}])"));
  CHECK(body(request)["tool_choice"] == Json::parse(R"({"type":"auto"})"));
  CHECK(body(request)["temperature"] == 1.0);
  request.parallel_tools = false;
  request.tool_required = true;
  CHECK(body(request)["tool_choice"] ==
        Json::parse(R"({"type":"any","disable_parallel_tool_use":true})"));
  request.forced_tool = "now";
  CHECK(body(request)["tool_choice"]["name"] == "now");
  request.tools_allowed = false;
  CHECK(body(request)["tool_choice"] == Json::parse(R"({"type":"none"})"));
}

TEST_CASE("words stream; thinking, pings and unknown events are skipped") {
  CHECK(told({kStart, R"({"type":"ping"})",
              R"({"type":"content_block_start","index":1,"content_block":{"type":"thinking"}})",
              delta(1, R"("type":"thinking_delta","thinking":"Hm.")"),
              delta(1, R"("type":"signature_delta","signature":"x")"), kText, words("It is "),
              words("three."), R"({"type":"content_block_stop","index":0})",
              R"({"type":"brand_new"})", stopped("end_turn"), kStop}) ==
        "It is three. | stop 17/7/5");
}

TEST_CASE("calls stream, and no arguments are an empty object") {
  const auto use = [](int index, const char* id, const char* name) {
    return R"({"type":"content_block_start","index":)" + std::to_string(index) +
           R"(,"content_block":{"type":"tool_use","id":")" + id + R"(","name":")" + name +
           R"(","input":{}}})";
  };
  const auto json = [](int index, const std::string& piece) {
    return delta(index, R"("type":"input_json_delta","partial_json":")" + piece + "\"");
  };
  CHECK(told({use(1, "t1", "now"), json(1, ""), json(1, R"({\"tz\")"), json(1, R"(:1})"),
              use(2, "t2", "day"), json(2, ""), json(9, "?"), stopped("tool_use"), kStop}) ==
        R"(now#t1({"tz":1}) | day#t2({}) | stop)");
  // Servers that do not stream arguments have them in the block itself.
  CHECK(told({R"({"type":"content_block_start","index":0,"content_block":{
                  "type":"tool_use","id":"t1","name":"now","input":{"tz":1}}})",
              stopped("tool_use"), kStop}) == R"(now#t1({"tz":1}) | stop)");
}

TEST_CASE("every ending has its meaning") {
  CHECK(told({words("A"), stopped("max_tokens"), kStop}) == "A | length");
  CHECK(told({words("A"), stopped("model_context_window_exceeded"), kStop}) == "A | length");
  CHECK(told({words("A"), stopped("refusal"), kStop}) == "A | content_filter");
  CHECK(told({words("A"), stopped("end_turn"), "CUT"}) == "A | stop");
  CHECK(told({words("A"), "END"}) == "A | failure: llm.wise ended its answer without finishing it");
  CHECK(told({words("A"), "CUT"}) == "A");  // the connection's failure follows
  CHECK(told({words("A"),
              R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}) ==
        "A | failure: llm.wise is overloaded: Overloaded");
  CHECK(told({"{\"type\":"}).find("no JSON object") != std::string::npos);
}

TEST_CASE("a stream means the same wherever it is cut") {
  std::string bytes;
  for (const auto& event :
       {kStart, kText, words("Grüße "), words("你好"), stopped("end_turn"), kStop}) {
    std::string line = event;
    std::erase(line, '\n');
    bytes += "event: x\r\ndata: " + line + "\r\n\r\n";
  }
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    MessagesStream stream(endpoint());
    CHECK(decoded(stream, bytes, cut) == "Grüße 你好 | stop 17/7/5");
  }
}

TEST_CASE("a whole message in place of a stream is taken") {
  MessagesStream stream(endpoint());
  std::vector<LlmEvent> events;
  stream.on_document(R"({"type":"message","content":[{"type":"text","text":"Hi."},
    {"type":"tool_use","id":"1","name":"a","input":{"x":1}}],"stop_reason":"tool_use",
    "usage":{"input_tokens":1,"output_tokens":2}})",
                     events);
  CHECK(transcript(events) == R"(Hi. | a#1({"x":1}) | stop 1/2/-1)");
}

}  // namespace
}  // namespace parley::tests
