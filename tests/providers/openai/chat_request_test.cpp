// SPDX-License-Identifier: MIT
// Requests of chat completions: the conversation as messages, tools, limits, sound.
#include "providers/openai/chat_request.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace parley::tests {
namespace {

using namespace engine;
using Json = nlohmann::json;
using providers::openai::chat_request;
using providers::openai::ChatOptions;
using providers::openai::refused_parameter;

ChatOptions options(ChatOptions::Flavour flavour = ChatOptions::Flavour::openai) {
  ChatOptions made;
  made.flavour = flavour;
  made.model = "m";
  return made;
}

Json body(const LlmRequest& request, const ChatOptions& with = options()) {
  return Json::parse(chat_request(with, request, {}));
}

Utterance said(Speaker speaker, std::string text) {
  Utterance made;
  made.speaker = speaker;
  made.text = std::move(text);
  return made;
}

LlmRequest with_history(std::vector<HistoryEntry> history) {
  LlmRequest request;
  request.history = std::move(history);
  return request;
}

TEST_CASE("a plain request holds what is set, and nothing else") {
  LlmRequest request = with_history({said(Speaker::user, "Hi")});
  request.instructions = "Be brief.";
  CHECK(body(request) == Json::parse(R"({"model":"m","messages":[
    {"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],
    "stream":true,"stream_options":{"include_usage":true}})"));
}

TEST_CASE("calls are merged into one message, each followed by its result") {
  const Json messages = body(with_history({
      said(Speaker::user, "Time?"),
      said(Speaker::assistant, "Let me see."),
      ToolCall{"c1", "now", "{}"},
      ToolCall{"c2", "day", "{}"},
      ToolResult{"c2", "Monday"},
      said(Speaker::user, "Well?"),
      ToolResult{"c1", "12:00"},
      ToolResult{"c1", "twice"},
      ToolResult{"gone", "orphan"},
      ToolCall{"c3", "x", "{}"},
      said(Speaker::system, "Hurry."),
      said(Speaker::assistant, ""),
  }))["messages"];
  CHECK(messages == Json::parse(R"([
    {"role":"user","content":"Time?"},
    {"role":"assistant","content":"Let me see.","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}},
      {"id":"c2","type":"function","function":{"name":"day","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"12:00"},
    {"role":"tool","tool_call_id":"c2","content":"Monday"},
    {"role":"user","content":"Well?"},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c3","type":"function","function":{"name":"x","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c3","content":"No result yet."},
    {"role":"system","content":"Hurry."}])"));
}

TEST_CASE("a last turn without words is still somebody's turn") {
  Utterance cough;
  cough.spoken = true;
  const auto messages = [](std::vector<HistoryEntry> history) {
    return body(with_history(std::move(history)))["messages"];
  };
  const Json last = messages({said(Speaker::assistant, "Hello."), cough}).back();
  CHECK(last["role"] == "user");
  CHECK(last["content"] == "(The user said nothing that could be understood.)");
  CHECK(messages({cough, said(Speaker::user, "Hi.")}).size() == 1);
}

TEST_CASE("tools are wrapped, and the choice takes this API's form") {
  LlmRequest request = with_history({said(Speaker::user, "Hi")});
  request.tools = {{"now", "The time.", {R"({"type":"object","properties":{}})"}},
                   {"bare", "", {}}};
  CHECK(body(request)["tools"] == Json::parse(R"([
    {"type":"function","function":{"name":"now","description":"The time.",
      "parameters":{"type":"object","properties":{}}}},
    {"type":"function","function":{"name":"bare",
      "parameters":{"type":"object","properties":{}}}}])"));
  CHECK_FALSE(body(request).contains("tool_choice"));
  request.tool_required = true;
  CHECK(body(request)["tool_choice"] == "required");
  request.forced_tool = "now";
  CHECK(body(request)["tool_choice"] ==
        Json::parse(R"({"type":"function","function":{"name":"now"}})"));
  request.tools_allowed = false;
  CHECK(body(request)["tool_choice"] == "none");
  request.parallel_tools = false;
  CHECK(body(request)["parallel_tool_calls"] == false);
  CHECK_FALSE(body(request, options(ChatOptions::Flavour::ollama)).contains("tools"));
}

TEST_CASE("limits and habits come from the session, else from the configuration") {
  ChatOptions with = options();
  with.limit_name = "max_completion_tokens";
  with.max_tokens = 300;
  with.temperature = 0.5;
  with.reasoning_effort = "low";
  LlmRequest request = with_history({said(Speaker::user, "Hi")});
  CHECK(body(request, with)["max_completion_tokens"] == 300);
  CHECK(body(request, with)["temperature"] == 0.5);
  request.max_output_tokens = 20;
  request.temperature = 0.75;
  request.reasoning_effort = "high";
  const Json given = body(request, with);
  CHECK(given["max_completion_tokens"] == 20);
  CHECK(given["temperature"] == 0.75);
  CHECK(given["reasoning_effort"] == "high");
}

TEST_CASE("each server is told in its own words not to think") {
  const LlmRequest request = with_history({said(Speaker::user, "Hi")});
  ChatOptions with = options(ChatOptions::Flavour::vllm);
  with.thinking = false;
  CHECK(body(request, with)["chat_template_kwargs"]["enable_thinking"] == false);
  with.flavour = ChatOptions::Flavour::ollama;
  with.keep_alive = "30m";
  CHECK(body(request, with)["reasoning_effort"] == "none");
  CHECK(body(request, with)["keep_alive"] == "30m");
}

TEST_CASE("keys of one's own are merged over the request, and null removes one") {
  ChatOptions with = options();
  with.extra_body.text = R"({"top_k":20,"stream_options":null})";
  const Json given = body(with_history({said(Speaker::user, "Hi")}), with);
  CHECK(given["top_k"] == 20);
  CHECK_FALSE(given.contains("stream_options"));
}

TEST_CASE("Azure's model is its deployment, in the URL when the API is dated") {
  ChatOptions with = options(ChatOptions::Flavour::azure);
  with.deployment = "mine";
  const LlmRequest request = with_history({said(Speaker::user, "Hi")});
  CHECK(body(request, with)["model"] == "mine");
  with.api_version = "2024-10-21";
  CHECK_FALSE(body(request, with).contains("model"));
}

TEST_CASE("images and sound become parts; older sound gives way to its words") {
  auto sound = std::make_shared<Sound>();
  sound->samples = {1, 2, 3};
  Utterance old = said(Speaker::user, "First words.");
  old.sound = sound;
  Utterance unknown = said(Speaker::user, "");
  unknown.sound = sound;
  Utterance last = said(Speaker::user, "Misheard.");
  last.sound = sound;
  last.images = {{"data:image/png;base64,AAAA", "low"}};
  LlmRequest request = with_history({old, unknown, last});

  ChatOptions with = options();
  Json messages = body(request, with)["messages"];
  CHECK(messages.size() == 2);  // it hears nothing: words only
  CHECK(messages[1]["content"][0]["text"] == "Misheard.");

  with.audio_input = ChatOptions::AudioInput::base64;
  messages = body(request, with)["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[0]["content"] == "First words.");
  CHECK(messages[1]["content"][0]["input_audio"]["format"] == "wav");
  const std::string data = messages[2]["content"][0]["input_audio"]["data"];
  CHECK(data.starts_with("UklGR"));  // RIFF
  CHECK(messages[2]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA");
  CHECK(messages[2]["content"][1]["image_url"]["detail"] == "low");
  CHECK(messages[2]["content"].size() == 2);

  with.audio_input = ChatOptions::AudioInput::data_url;
  const std::string url = body(request, with)["messages"][2]["content"][0]["input_audio"]["data"];
  CHECK(url.starts_with("data:;base64,UklGR"));
  with.audio_input = ChatOptions::AudioInput::audio_url;
  const Json part = body(request, with)["messages"][2]["content"][0];
  CHECK(part["type"] == "audio_url");
  CHECK(part["audio_url"]["url"].get<std::string>().starts_with("data:audio/wav;base64,UklGR"));
}

TEST_CASE("a speaking model is asked for sound only when sound is wanted") {
  ChatOptions with = options();
  with.audio_output = true;
  LlmRequest request = with_history({said(Speaker::user, "Hi")});
  request.voice = "marin";
  CHECK(body(request, with)["modalities"] == Json::parse(R"(["text"])"));
  request.speak = true;
  CHECK(body(request, with)["modalities"] == Json::parse(R"(["text","audio"])"));
  CHECK(body(request, with)["audio"] == Json::parse(R"({"voice":"marin","format":"pcm16"})"));
  with.voice = "Cherry";
  CHECK(body(request, with)["audio"]["voice"] == "Cherry");
}

TEST_CASE("text that is no UTF-8 is repaired, not thrown at") {
  CHECK(body(with_history({said(Speaker::user, "a\xff")}))["messages"][0]["content"] ==
        "a\xef\xbf\xbd");
}

TEST_CASE("what a server refuses is found in its message, and left out") {
  CHECK(refused_parameter("Unrecognized request argument supplied: stream_options", {}) ==
        "stream_options");
  CHECK(refused_parameter("Unsupported parameter: 'max_tokens' is not supported with this model. "
                          "Use 'max_completion_tokens' instead.",
                          {}) == "max_tokens");
  CHECK(refused_parameter("Unsupported value: 'temperature' does not support 0.2", {}) ==
        "temperature");
  CHECK(refused_parameter("max_tokens is too large: 99999", {}).empty());
  CHECK(refused_parameter("unknown model", {}).empty());
  CHECK(refused_parameter("stream_options not supported", {"stream_options"}).empty());

  LlmRequest request = with_history({said(Speaker::user, "Hi")});
  request.max_output_tokens = 9;
  const Json given =
      Json::parse(chat_request(options(), request, {"max_tokens", "stream_options"}));
  CHECK(given["max_completion_tokens"] == 9);
  CHECK_FALSE(given.contains("max_tokens"));
  CHECK_FALSE(given.contains("stream_options"));
}

}  // namespace
}  // namespace parley::tests
