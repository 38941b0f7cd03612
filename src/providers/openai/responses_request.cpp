// SPDX-License-Identifier: MIT
#include "providers/openai/responses_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "providers/remote/history.h"

namespace parley::providers::openai {

namespace {

using Json = nlohmann::ordered_json;
using engine::Speaker;

Json message_item(const engine::Utterance& said) {
  const char* role = said.speaker == Speaker::assistant ? "assistant"
                     : said.speaker == Speaker::system  ? "system"
                                                        : "user";
  Json parts = Json::array();
  if (!said.text.empty()) {
    const char* type = said.speaker == Speaker::assistant ? "output_text" : "input_text";
    parts.push_back({{"type", type}, {"text", said.text}});
  }
  for (const auto& image : said.images) {
    Json part = {{"type", "input_image"}, {"image_url", image.url}};
    if (!image.detail.empty()) part["detail"] = image.detail;
    parts.push_back(std::move(part));
  }
  return {{"type", "message"}, {"role", role}, {"content", std::move(parts)}};
}

Json input_items(const engine::LlmRequest& request) {
  Json items = Json::array();
  for (const auto& step : remote::steps_of(request.history)) {
    if (const auto* said = std::get_if<const engine::Utterance*>(&step)) {
      // This API hears nothing: sound without words is no message.
      if (!(*said)->text.empty() || !(*said)->images.empty()) {
        items.push_back(message_item(**said));
      }
      continue;
    }
    const auto& calls = std::get<std::vector<remote::AnsweredCall>>(step);
    for (const auto& [call, output] : calls) {
      items.push_back({{"type", "function_call"},
                       {"call_id", call->call_id},
                       {"name", call->name},
                       {"arguments", call->arguments}});
    }
    for (const auto& [call, output] : calls) {
      items.push_back(
          {{"type", "function_call_output"}, {"call_id", call->call_id}, {"output", output}});
    }
  }
  return items;
}

void add_tools(const engine::LlmRequest& request, Json& body) {
  if (request.tools.empty()) return;
  Json list = Json::array();
  for (const auto& tool : request.tools) {
    Json parameters = Json::parse(tool.parameters.text, nullptr, false);
    if (!parameters.is_object()) {
      parameters = {{"type", "object"}, {"properties", Json::object()}};
    }
    Json entry = {{"type", "function"}, {"name", tool.name}};
    if (!tool.description.empty()) entry["description"] = tool.description;
    entry["parameters"] = std::move(parameters);
    entry["strict"] = false;  // the default would refuse schemas that Realtime takes
    list.push_back(std::move(entry));
  }
  body["tools"] = std::move(list);
  if (!request.tools_allowed) {
    body["tool_choice"] = "none";
  } else if (!request.forced_tool.empty()) {
    body["tool_choice"] = {{"type", "function"}, {"name", request.forced_tool}};
  } else if (request.tool_required) {
    body["tool_choice"] = "required";
  }
  if (!request.parallel_tools) body["parallel_tool_calls"] = false;
}

}  // namespace

std::string responses_request(const ResponsesOptions& options, const engine::LlmRequest& request) {
  Json body;
  body["model"] = options.model.empty() ? request.model : options.model;
  if (!request.instructions.empty()) body["instructions"] = request.instructions;
  body["input"] = input_items(request);
  add_tools(request, body);
  body["stream"] = true;
  body["store"] = false;
  // The API takes no less than this.
  constexpr int kTokensMin = 16;
  if (const auto most =
          request.max_output_tokens ? request.max_output_tokens : options.max_tokens) {
    body["max_output_tokens"] = std::max(*most, kTokensMin);
  }
  if (const auto heat = request.temperature ? request.temperature : options.temperature) {
    body["temperature"] = *heat;
  }
  const std::string& effort =
      request.reasoning_effort.empty() ? options.reasoning_effort : request.reasoning_effort;
  if (!effort.empty()) body["reasoning"] = {{"effort", effort}};
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  // Text that is no UTF-8 must not throw: it is repaired.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::providers::openai
