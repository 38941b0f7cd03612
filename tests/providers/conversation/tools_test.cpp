// SPDX-License-Identifier: MIT
// Which tool the user's words ask for, with which arguments, and how its result is told.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/providers/conversation/support.h"

namespace parley::providers::embedded {
namespace {

std::string object_of(const std::string& properties, const std::string& required = "[]") {
  return R"({"type":"object","properties":)" + properties + R"(,"required":)" + required + "}";
}

// The tools that demonstrations of voice agents bring along.
std::vector<engine::Tool> demo_tools() {
  return {
      tool("get_weather", "Get the current weather for a location.",
           object_of(R"({"location":{"type":"string"},)"
                     R"("unit":{"type":"string","enum":["celsius","fahrenheit"]}})",
                     R"(["location"])")),
      tool("get_current_time", "Get the current time in a timezone.",
           object_of(R"({"timezone":{"type":"string"}})")),
      tool("set_light", "Turn a light on or off.",
           object_of(R"({"room":{"type":"string"},"on":{"type":"boolean"}})", R"(["room","on"])")),
      tool("transfer_call", "Transfers the caller to a department.",
           object_of(R"({"department":{"type":"string"}})", R"(["department"])")),
      tool("end_call", "Ends the call.", object_of("{}")),
      tool("search_web", "Search the web for information.",
           object_of(R"({"query":{"type":"string"}})", R"(["query"])")),
      tool("order_pizza", "Order a pizza for delivery.",
           object_of(R"({"size":{"type":"string","enum":["small","medium","large"]},)"
                     R"("count":{"type":"integer"}})",
                     R"(["size","count"])")),
      tool("get_horoscope", "Get today's horoscope for an astrological sign.",
           object_of(R"({"sign":{"type":"string","description":"A sign like Aquarius"}})",
                     R"(["sign"])")),
  };
}

std::string calls_of(const Reply& reply) {
  std::string text;
  for (const auto& call : reply.calls) {
    if (!text.empty()) text += " ";
    text += call.name + call.arguments;
  }
  return text;
}

std::string calls_for(std::string_view said, std::vector<engine::Tool> tools) {
  Dialogue dialogue;
  dialogue.request().tools = std::move(tools);
  const Reply reply = dialogue.say(said);
  CHECK(reply.text.empty() != reply.calls.empty());
  for (const auto& call : reply.calls) CHECK(nlohmann::json::accept(call.arguments));
  return calls_of(reply);
}

struct Row {
  std::string_view said;
  std::string_view calls;
};

TEST_CASE("the words choose the tool and its arguments") {
  static constexpr Row kRows[] = {
      {"What is the weather in Paris?", R"(get_weather{"location":"Paris"})"},
      {"what is the whether in new york today", R"(get_weather{"location":"New York"})"},
      {"how's the weather like in paris please", R"(get_weather{"location":"Paris"})"},
      {"will it rain tomorrow in oslo", R"(get_weather{"location":"Oslo"})"},
      {"weather for tomorrow in berlin", R"(get_weather{"location":"Berlin"})"},
      {"what is the temperature in rome in celsius",
       R"(get_weather{"location":"Rome","unit":"celsius"})"},
      {"what's the weather in Rome and Oslo",
       R"(get_weather{"location":"Rome"} get_weather{"location":"Oslo"})"},
      {"What is the weather in Paris and in New York?",
       R"(get_weather{"location":"Paris"} get_weather{"location":"New York"})"},
      {"weather in paris and how are you", R"(get_weather{"location":"Paris"})"},
      {"what time is it", "get_current_time{}"},
      {"what time is it in tokyo", R"(get_current_time{"timezone":"Tokyo"})"},
      {"turn on the kitchen light", R"(set_light{"room":"kitchen","on":true})"},
      {"please turn the light in the living room off",
       R"(set_light{"room":"living room","on":false})"},
      {"switch off the bedroom lights", R"(set_light{"room":"bedroom","on":false})"},
      {"can you transfer me to billing", R"(transfer_call{"department":"billing"})"},
      {"connect me to the sales department please", R"(transfer_call{"department":"sales"})"},
      {"goodbye", "end_call{}"},
      {"please hang up", "end_call{}"},
      {"end the call", "end_call{}"},
      {"search the web for cheap flights to rome",
       R"(search_web{"query":"cheap flights to rome"})"},
      {"look up the height of mount everest", R"(search_web{"query":"height mount everest"})"},
      {"i would like to order two large pizzas", R"(order_pizza{"size":"large","count":2})"},
      {"can i have a small pizza", R"(order_pizza{"size":"small","count":1})"},
      {"what is my horoscope i am an aquarius", R"(get_horoscope{"sign":"aquarius"})"},
      {"tell me my horoscope for pisces", R"(get_horoscope{"sign":"pisces"})"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.said);
    CHECK(calls_for(row.said, demo_tools()) == row.calls);
  }
}

TEST_CASE("no tool is called that was not asked for") {
  for (const auto* said :
       {"hello", "what is twelve times seven", "what is twelve time seven", "thank you",
        "my name is anna", "call me bob", "tell me a joke", "how are you", "what is your name",
        "count to five", "who are you", "i ate pizza yesterday", "spell weather", "",
        "repeat after me what is the weather", "what can you do", "i want to call my mother"}) {
    CAPTURE(said);
    CHECK(calls_for(said, demo_tools()).empty());
  }
}

TEST_CASE("tool choice is obeyed") {
  Dialogue dialogue;
  auto& request = dialogue.request();
  request.tools = demo_tools();
  request.tools_allowed = false;
  CHECK(contains(dialogue.ask("what is the weather in paris"), "weather"));
  request.tools_allowed = true;
  request.forced_tool = "order_pizza";
  CHECK(calls_of(dialogue.say("hello")) == R"(order_pizza{"size":"small","count":1})");
  request.forced_tool.clear();
  request.tool_required = true;
  CHECK(dialogue.say("hello").calls.size() == 1);
  CHECK(dialogue.say("turn off the kitchen light").calls.at(0).name == "set_light");
  request.tools.clear();
  CHECK(!dialogue.ask("hello").empty());
}

TEST_CASE("a forced tool that is not offered is not invented") {
  Dialogue dialogue;
  dialogue.request().tools = demo_tools();
  dialogue.request().forced_tool = "launch_rocket";
  CHECK(dialogue.ask("hello") == "Hello! How can I help you?");
}

TEST_CASE("arguments follow the schema's types") {
  const auto filled = [](std::string_view said, const std::string& properties,
                         const std::string& required = "[]") {
    return calls_for(said, {tool("record", "Record it.", object_of(properties, required))});
  };
  CHECK(filled("record 3.5", R"({"value":{"type":"number"}})") == R"(record{"value":3.5})");
  CHECK(filled("record twelve", R"({"value":{"type":"integer"}})") == R"(record{"value":12})");
  CHECK(filled("record one and two", R"({"a":{"type":"integer"},"b":{"type":"integer"}})") ==
        R"(record{"a":1,"b":2})");
  CHECK(filled("record yes", R"({"value":{"type":"boolean"}})") == R"(record{"value":true})");
  CHECK(filled("record it without sound", R"({"value":{"type":"boolean"}})") ==
        R"(record{"value":false})");
  CHECK(filled("record jazz", R"({"value":{"type":["string","null"]}})") ==
        R"(record{"value":"jazz"})");
  CHECK(filled("record 7", R"({"value":{"type":["integer","null"]}})") == R"(record{"value":7})");
  CHECK(filled("record two", R"({"value":{"type":"integer","enum":[1,2,3]}})") ==
        R"(record{"value":2})");
  CHECK(filled("record red and blue",
               R"({"value":{"type":"array","items":{"enum":["red","green","blue"]}}})") ==
        R"(record{"value":["red","blue"]})");
  CHECK(
      filled("record milk and bread", R"({"value":{"type":"array","items":{"type":"string"}}})") ==
      R"(record{"value":["milk","bread"]})");
  CHECK(filled("record one two", R"({"v":{"type":"array","items":{"type":"number"}}})") ==
        R"(record{"v":[1,2]})");
  CHECK(filled("record", R"({"a":{"type":"string"},"b":{"type":"number"}})") == "record{}");
  CHECK(filled("record",
               R"({"a":{"type":"string"},"b":{"type":"number"},"c":{"type":"boolean"},)"
               R"("d":{"type":"array"},"e":{"type":"object"},"f":{"enum":["x","y"]},)"
               R"("g":{"type":"integer","default":9},"h":{"type":"integer","minimum":4}})",
               R"(["a","b","c","d","e","f","g","h"])") ==
        R"(record{"a":"","b":0,"c":true,"d":[],"e":{},"f":"x","g":9,"h":4})");
  CHECK(filled("record jazz", R"({"note":{"type":"string"},"unit":{"type":"string"}})",
               R"(["note"])") == R"(record{"note":"jazz"})");
  CHECK(filled("record 1e300", R"({"value":{"type":"integer"}})").starts_with("record{"));
}

TEST_CASE("malformed schemas never throw") {
  static constexpr const char* kSchemas[] = {
      "",
      "null",
      "[]",
      "17",
      "\"text\"",
      "{",
      "{}",
      R"({"type":7})",
      R"({"properties":[]})",
      R"({"properties":{"a":null}})",
      R"({"properties":{"a":[]},"required":{"a":1}})",
      R"({"properties":{"a":{"type":[]}},"required":["a"]})",
      R"({"properties":{"a":{"type":["string","null"]}},"required":["a"]})",
      R"({"properties":{"a":{"type":[null,3]}},"required":["a"]})",
      R"({"properties":{"a":{"enum":[]}},"required":["a"]})",
      R"({"properties":{"a":{"enum":{"b":1}}},"required":["a",5,null]})",
      R"({"properties":{"a":{"enum":["",null,[],{}]}},"required":["a"]})",
      R"({"properties":{"a":{"type":"array","items":7}},"required":["a"]})",
      R"({"properties":{"a":{"type":"array","items":{"enum":7}}},"required":["a"]})",
      R"({"properties":{"a":{"type":"integer","minimum":"x"}},"required":["a"]})",
      R"({"properties":{"":{"type":"string"}},"required":[""]})",
      R"({"properties":{"a":true},"required":"a"})",
  };
  for (const auto* schema : kSchemas) {
    CAPTURE(schema);
    CHECK(calls_for("record it", {tool("record", "", schema)}).starts_with("record{"));
    CHECK(calls_for("record seven in rome", {tool("record", "", schema)}).starts_with("record{"));
  }
  for (const auto* name : {"", "_", "__a__", "é", "getWEATHER"}) {
    Dialogue dialogue;
    dialogue.request().tools = {tool(name, "", "{}")};
    dialogue.request().tool_required = true;
    CHECK(dialogue.say("hello").calls.size() == 1);
  }
}

TEST_CASE("a result is told, and the tool not called again") {
  struct Told {
    std::string_view output;
    std::string_view text;
  };
  static constexpr Told kRows[] = {
      {R"({"temperature":21.5,"condition":"sunny"})",
       "Here is what I found: temperature 21.5, condition sunny."},
      {"It is sunny in Paris.", "It is sunny in Paris."},
      {R"("It is sunny.")", "Here is what I found: It is sunny."},
      {R"({"horoscope":"You will soon meet a new friend."})", "You will soon meet a new friend."},
      {R"({"error":"no such city"})", "That did not work: no such city."},
      {R"({"success":true})", "That is done."},
      {R"({"success":false})", "That did not work."},
      {R"({"status":"ok"})", "That is done."},
      {R"({"lightState":"on"})", "Here is what I found: light state on."},
      {R"([{"name":"A"},{"name":"B"}])", "Here is what I found: name A, name B."},
      {"", "That is done."},
      {"{}", "That is done."},
      {"null", "That is done."},
      {"true", "Yes, that is done."},
      {"21", "Here is what I found: 21."},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.output);
    Dialogue dialogue;
    dialogue.request().tools = demo_tools();
    dialogue.request().tool_required = true;
    REQUIRE(dialogue.say("what is the weather in paris").calls.size() == 1);
    const Reply reply = dialogue.result(row.output);
    CHECK(reply.calls.empty());
    CHECK(reply.text == row.text);
  }
}

TEST_CASE("the results of parallel calls are told together, however they interleave") {
  for (const bool interleaved : {false, true}) {
    engine::LlmRequest request;
    request.tools = demo_tools();
    request.history = {
        engine::Utterance{engine::Speaker::user, "weather in rome and oslo", false, {}},
        engine::ToolCall{"a", "get_weather", "{}"}, engine::ToolCall{"b", "get_weather", "{}"}};
    request.history.insert(request.history.begin() + (interleaved ? 2 : 3),
                           engine::ToolResult{"a", "Rome is warm."});
    request.history.emplace_back(engine::ToolResult{"b", "Oslo is cold."});
    const Reply reply = reply_to(request, pi_day());
    CHECK(reply.calls.empty());
    CHECK(reply.text == "Rome is warm. Oslo is cold.");
  }
}

TEST_CASE("after a result the dialogue goes on") {
  Dialogue dialogue;
  dialogue.request().tools = demo_tools();
  dialogue.say("weather in paris");
  dialogue.result("It is sunny.");
  CHECK(dialogue.ask("thank you") == "You are welcome.");
  CHECK(calls_of(dialogue.say("and the weather in oslo")) == R"(get_weather{"location":"Oslo"})");
}

}  // namespace
}  // namespace parley::providers::embedded
