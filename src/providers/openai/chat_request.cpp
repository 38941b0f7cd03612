// SPDX-License-Identifier: MIT
#include "providers/openai/chat_request.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "audio/base64.h"
#include "audio/wav.h"
#include "providers/remote/history.h"

namespace parley::providers::openai {

namespace {

using Json = nlohmann::ordered_json;
using engine::Speaker;
using engine::Utterance;

std::string base64_wav(const engine::Sound& sound) {
  const std::string wav = audio::write_wav(sound.samples, sound.rate_hz);
  const std::vector<std::uint8_t> bytes(wav.begin(), wav.end());
  std::string text;
  audio::base64_encode(bytes, text);
  return text;
}

Json sound_part(ChatOptions::AudioInput form, const engine::Sound& sound) {
  const std::string data = base64_wav(sound);
  switch (form) {
    case ChatOptions::AudioInput::audio_url:
      return {{"type", "audio_url"}, {"audio_url", {{"url", "data:audio/wav;base64," + data}}}};
    case ChatOptions::AudioInput::data_url:
      return {{"type", "input_audio"},
              {"input_audio", {{"data", "data:;base64," + data}, {"format", "wav"}}}};
    case ChatOptions::AudioInput::base64:
    case ChatOptions::AudioInput::none:
      break;
  }
  return {{"type", "input_audio"}, {"input_audio", {{"data", data}, {"format", "wav"}}}};
}

const char* role_of(Speaker speaker) {
  switch (speaker) {
    case Speaker::system:
      return "system";
    case Speaker::user:
      return "user";
    case Speaker::assistant:
      return "assistant";
  }
  return "user";
}

// The conversation as messages.
class Messages {
 public:
  Messages(const ChatOptions& options, const engine::LlmRequest& request)
      : options_(options), last_user_(remote::last_user_utterance(request.history)) {
    if (!request.instructions.empty()) {
      messages_.push_back({{"role", "system"}, {"content", request.instructions}});
    }
    for (const auto& step : remote::steps_of(request.history)) {
      if (const auto* said = std::get_if<const Utterance*>(&step)) {
        say(**said);
      } else {
        call(std::get<std::vector<remote::AnsweredCall>>(step));
      }
    }
  }

  Json messages() && { return std::move(messages_); }

 private:
  void say(const Utterance& said) {
    const char* role = role_of(said.speaker);
    // Sound costs many tokens: once its words are known, only the newest is sent.
    const bool sound = said.sound && options_.audio_input != ChatOptions::AudioInput::none &&
                       (&said == last_user_ || said.text.empty());
    if (said.images.empty() && !sound) {
      if (!said.text.empty()) messages_.push_back({{"role", role}, {"content", said.text}});
      return;
    }
    Json parts = Json::array();
    if (sound) {
      parts.push_back(sound_part(options_.audio_input, *said.sound));
    } else if (!said.text.empty()) {
      parts.push_back({{"type", "text"}, {"text", said.text}});
    }
    for (const auto& image : said.images) {
      Json shown = {{"url", image.url}};
      if (!image.detail.empty()) shown["detail"] = image.detail;
      parts.push_back({{"type", "image_url"}, {"image_url", std::move(shown)}});
    }
    messages_.push_back({{"role", role}, {"content", std::move(parts)}});
  }

  void call(const std::vector<remote::AnsweredCall>& calls) {
    Json list = Json::array();
    for (const auto& [made, output] : calls) {
      list.push_back({{"id", made->call_id},
                      {"type", "function"},
                      {"function", {{"name", made->name}, {"arguments", made->arguments}}}});
    }
    // What was said before the calls belongs to the same message.
    if (!messages_.empty() && messages_.back()["role"] == "assistant" &&
        !messages_.back().contains("tool_calls")) {
      messages_.back()["tool_calls"] = std::move(list);
    } else {
      messages_.push_back(
          {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", std::move(list)}});
    }
    for (const auto& [made, output] : calls) {
      messages_.push_back({{"role", "tool"}, {"tool_call_id", made->call_id}, {"content", output}});
    }
  }

  const ChatOptions& options_;
  const Utterance* const last_user_;
  Json messages_ = Json::array();
};

Json tool_list(const std::vector<engine::Tool>& tools) {
  Json list = Json::array();
  for (const auto& tool : tools) {
    Json parameters = Json::parse(tool.parameters.text, nullptr, false);
    if (!parameters.is_object()) {
      parameters = {{"type", "object"}, {"properties", Json::object()}};
    }
    Json function = {{"name", tool.name}};
    if (!tool.description.empty()) function["description"] = tool.description;
    function["parameters"] = std::move(parameters);
    list.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return list;
}

void add_tools(const ChatOptions& options, const engine::LlmRequest& request, Json& body) {
  // Ollama ignores tool_choice, so tools that are not allowed must not be there.
  const bool ignores_choice = options.flavour == ChatOptions::Flavour::ollama;
  if (request.tools.empty() || (ignores_choice && !request.tools_allowed)) return;
  body["tools"] = tool_list(request.tools);
  if (!request.tools_allowed) {
    body["tool_choice"] = "none";
  } else if (!request.forced_tool.empty()) {
    body["tool_choice"] = {{"type", "function"}, {"function", {{"name", request.forced_tool}}}};
  } else if (request.tool_required) {
    body["tool_choice"] = "required";
  }
  if (!request.parallel_tools) body["parallel_tool_calls"] = false;
}

void add_limits(const ChatOptions& options, const engine::LlmRequest& request,
                const std::set<std::string>& refused, Json& body) {
  // One name of the limit is refused by new models, the other by old servers.
  std::string limit = options.limit_name;
  if (refused.count(limit) != 0) {
    limit = limit == "max_tokens" ? "max_completion_tokens" : "max_tokens";
  }
  if (const auto most = request.max_output_tokens ? request.max_output_tokens : options.max_tokens)
    body[limit] = *most;
  if (const auto heat = request.temperature ? request.temperature : options.temperature)
    body["temperature"] = *heat;
  const std::string& effort =
      request.reasoning_effort.empty() ? options.reasoning_effort : request.reasoning_effort;
  if (!effort.empty()) body["reasoning_effort"] = effort;
  if (!options.thinking) return;
  if (options.flavour == ChatOptions::Flavour::ollama) {
    if (!*options.thinking) body["reasoning_effort"] = "none";
  } else if (options.flavour != ChatOptions::Flavour::openai &&
             options.flavour != ChatOptions::Flavour::azure) {
    body["chat_template_kwargs"] = {{"enable_thinking", *options.thinking}};
  }
}

void add_speech(const ChatOptions& options, const engine::LlmRequest& request, Json& body) {
  if (!options.audio_output) return;
  if (!request.speak) {
    body["modalities"] = {"text"};  // unset would mean sound for some
    return;
  }
  body["modalities"] = {"text", "audio"};
  const std::string& voice = options.voice.empty() ? request.voice : options.voice;
  body["audio"] = {{"voice", voice}, {"format", options.audio_format}};
}

constexpr std::array<std::string_view, 9> kDispensable = {
    "stream_options",   "max_completion_tokens", "max_tokens",
    "reasoning_effort", "temperature",           "parallel_tool_calls",
    "tool_choice",      "chat_template_kwargs",  "keep_alive"};

}  // namespace

std::string chat_request(const ChatOptions& options, const engine::LlmRequest& request,
                         const std::set<std::string>& refused) {
  Json body;
  const bool in_url =
      options.flavour == ChatOptions::Flavour::azure && !options.api_version.empty();
  const std::string& model = options.model.empty() ? request.model : options.model;
  if (options.flavour == ChatOptions::Flavour::azure && !options.deployment.empty()) {
    if (!in_url) body["model"] = options.deployment;
  } else if (!model.empty()) {
    body["model"] = model;
  }
  body["messages"] = Messages(options, request).messages();
  add_tools(options, request, body);
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  add_limits(options, request, refused, body);
  add_speech(options, request, body);
  if (!options.keep_alive.empty()) body["keep_alive"] = options.keep_alive;
  if (options.extra_body.present()) {
    body.merge_patch(Json::parse(options.extra_body.text, nullptr, false));
  }
  for (const auto& name : refused) body.erase(name);
  // Text that is no UTF-8 must not throw: it is repaired.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string refused_parameter(const std::string& message, const std::set<std::string>& refused) {
  constexpr std::array<std::string_view, 6> kComplaints = {
      "upport", "nrecognized", "nknown", "not permitted", "nexpected", "not allowed"};
  const bool complains = std::any_of(kComplaints.begin(), kComplaints.end(), [&](auto word) {
    return message.find(word) != std::string::npos;
  });
  if (!complains) return {};
  // The first one named is the culprit: "'max_tokens' is not supported …, use
  // 'max_completion_tokens'".
  std::size_t first = std::string::npos;
  std::string culprit;
  for (const auto name : kDispensable) {
    const std::size_t at = message.find(name);
    if (at < first) {
      first = at;
      culprit = name;
    }
  }
  return refused.count(culprit) == 0 ? culprit : std::string();
}

}  // namespace parley::providers::openai
