// SPDX-License-Identifier: MIT
#include "providers/anthropic/messages_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/remote/history.h"

namespace parley::providers::anthropic {

namespace {

using Json = nlohmann::ordered_json;
using engine::Speaker;

// What the user "says" where the API wants a turn of theirs and they had none.
constexpr const char* kNothingYet = "(The user has not said anything yet.)";
constexpr const char* kGoOn = "(The user is listening. Go on.)";

Json object_of(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_object() ? value : Json::object();
}

// "data:image/png;base64,AAAA" is taken apart; other URLs are fetched by the service.
Json image_block(const std::string& url) {
  constexpr std::string_view kData = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  const std::size_t mark = url.find(kBase64);
  if (url.starts_with(kData) && mark != std::string::npos) {
    return {{"type", "image"},
            {"source",
             {{"type", "base64"},
              {"media_type", url.substr(kData.size(), mark - kData.size())},
              {"data", url.substr(mark + kBase64.size())}}}};
  }
  return {{"type", "image"}, {"source", {{"type", "url"}, {"url", url}}}};
}

class Conversation {
 public:
  explicit Conversation(const engine::LlmRequest& request) : system_(request.instructions) {
    for (const auto& step : remote::steps_of(request.history)) {
      if (const auto* said = std::get_if<const engine::Utterance*>(&step)) {
        say(**said);
      } else {
        call(std::get<std::vector<remote::AnsweredCall>>(step));
      }
    }
    if (messages_.empty()) add("user", text_block(kNothingYet));
    if (messages_.back()["role"] == "assistant") add("user", text_block(kGoOn));
  }

  const std::string& system() const { return system_; }
  Json messages() && { return std::move(messages_); }

 private:
  static Json text_block(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

  void add(const char* role, Json block) {
    if (messages_.empty() && std::string_view(role) != "user") add("user", text_block(kNothingYet));
    if (messages_.empty() || messages_.back()["role"] != role) {
      messages_.push_back({{"role", role}, {"content", Json::array()}});
    }
    messages_.back()["content"].push_back(std::move(block));
  }

  void say(const engine::Utterance& said) {
    const bool blank = said.text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (said.speaker == Speaker::system) {
      if (!blank) system_ += (system_.empty() ? "" : "\n\n") + said.text;
      return;
    }
    const char* role = said.speaker == Speaker::assistant ? "assistant" : "user";
    if (!blank) add(role, text_block(said.text));
    // The API has no word for an image's detail.
    for (const auto& image : said.images) add(role, image_block(image.url));
  }

  void call(const std::vector<remote::AnsweredCall>& calls) {
    for (const auto& [made, output] : calls) {
      add("assistant", {{"type", "tool_use"},
                        {"id", made->call_id},
                        {"name", made->name},
                        {"input", object_of(made->arguments)}});
    }
    for (const auto& [made, output] : calls) {
      add("user", {{"type", "tool_result"}, {"tool_use_id", made->call_id}, {"content", output}});
    }
  }

  std::string system_;
  Json messages_ = Json::array();
};

void add_tools(const engine::LlmRequest& request, Json& body) {
  if (request.tools.empty()) return;
  Json list = Json::array();
  for (const auto& tool : request.tools) {
    Json schema = object_of(tool.parameters.text);
    if (!schema.contains("type")) schema["type"] = "object";
    Json entry = {{"name", tool.name}};
    if (!tool.description.empty()) entry["description"] = tool.description;
    entry["input_schema"] = std::move(schema);
    list.push_back(std::move(entry));
  }
  body["tools"] = std::move(list);
  Json choice = {{"type", "auto"}};
  if (!request.tools_allowed) {
    choice = {{"type", "none"}};
  } else if (!request.forced_tool.empty()) {
    choice = {{"type", "tool"}, {"name", request.forced_tool}};
  } else if (request.tool_required) {
    choice = {{"type", "any"}};
  }
  if (!request.parallel_tools && request.tools_allowed) choice["disable_parallel_tool_use"] = true;
  body["tool_choice"] = std::move(choice);
}

}  // namespace

std::string messages_request(const MessagesOptions& options, const engine::LlmRequest& request) {
  Json body;
  Conversation conversation(request);
  body["model"] = options.model.empty() ? request.model : options.model;
  body["max_tokens"] = std::max(request.max_output_tokens.value_or(options.max_tokens), 1);
  if (!conversation.system().empty()) body["system"] = conversation.system();
  body["messages"] = std::move(conversation).messages();
  add_tools(request, body);
  body["stream"] = true;
  // Realtime's scale goes further than this API's.
  if (const auto heat = request.temperature ? request.temperature : options.temperature) {
    body["temperature"] = std::clamp(*heat, 0.0, 1.0);
  }
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  // Text that is no UTF-8 must not throw: it is repaired.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::providers::anthropic
