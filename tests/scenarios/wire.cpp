// SPDX-License-Identifier: MIT
#include "tests/scenarios/wire.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "audio/base64.h"

namespace parley::tests {

namespace {

using protocol::json::Array;
using protocol::json::Member;
using protocol::json::Object;
using protocol::json::Value;
using Names = std::pair<std::string_view, std::string_view>;  // GA, beta

// behaviour.md §10.
constexpr std::array<Names, 7> kEventNames = {{
    {"conversation.item.added", "conversation.item.created"},
    {"conversation.item.done", ""},
    {"input_audio_buffer.timeout_triggered", ""},
    {"response.output_text.", "response.text."},
    {"response.output_audio.", "response.audio."},
    {"response.output_audio_transcript.", "response.audio_transcript."},
    {"transcription_session.", ""},
}};

// Below `session` and `response`.
constexpr std::array<Names, 10> kFieldNames = {{
    {"output_modalities", "modalities"},
    {"max_output_tokens", "max_response_output_tokens"},
    {"audio.input.format", "input_audio_format"},
    {"audio.input.transcription", "input_audio_transcription"},
    {"audio.input.noise_reduction", "input_audio_noise_reduction"},
    {"audio.input.turn_detection", "turn_detection"},
    {"audio.output.format", "output_audio_format"},
    {"audio.output.voice", "voice"},
    {"audio.output.speed", "speed"},
    {"type", ""},
}};

constexpr std::array<Names, 3> kFormats = {{
    {"audio/pcm", "pcm16"},
    {"audio/pcmu", "g711_ulaw"},
    {"audio/pcma", "g711_alaw"},
}};

std::string_view beta_name(const auto& names, std::string_view ga) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const Names& n) { return n.first == ga; });
  return found == names.end() ? ga : found->second;
}

Value text_value(std::string_view text) { return {std::string(text)}; }

Value beta_value(std::string_view path, Value value) {
  if (path.ends_with("format")) {
    const Value* type = find(value, "type");
    return text_value(
        beta_name(kFormats, type == nullptr ? "" : std::get<std::string>(type->data)));
  }
  if (path == "output_modalities") {
    Array both = {text_value("audio"), text_value("text")};
    const auto& given = std::get<Array>(value.data);
    if (std::get<std::string>(given.at(0).data) == "audio") return {std::move(both)};
  }
  return value;
}

// A session's or response's settings, their nested `audio` flattened into `out`.
void flatten(const std::string& prefix, Object& settings, Object& out) {
  for (auto& [key, value, read] : settings) {
    const std::string path = prefix + key;
    if (path == "audio" || path == "audio.input" || path == "audio.output") {
      flatten(path + ".", *value.object(), out);
      continue;
    }
    const std::string_view name = beta_name(kFieldNames, path);
    if (!name.empty()) out.push_back({std::string(name), beta_value(path, std::move(value))});
  }
}

// The assistant's content parts.
void rename_parts(Value& item) {
  for (auto& [key, value, read] : *item.object()) {
    if (key != "content") continue;
    for (Value& part : *value.array()) {
      for (auto& [name, type, seen] : *part.object()) {
        if (name == "type" && *type.string() == "output_text") type = text_value("text");
      }
    }
  }
}

void say_in_beta(Object& event) {
  for (auto& [key, value, read] : event) {
    if (key == "session" || key == "response") {
      Object flat;
      flatten("", *value.object(), flat);
      value.data = std::move(flat);
    } else if (key == "item") {
      rename_parts(value);
    }
  }
}

}  // namespace

Wire::Wire(const std::string& dialect)
    : beta_(dialect == "beta"),
      dialect_(beta_ ? protocol::make_openai_beta() : protocol::make_openai_ga()) {}

std::string Wire::client_frame(const std::string& type, std::string_view json) const {
  auto parsed = protocol::json::parse(json.empty() ? "{}" : json);
  if (!parsed || parsed->object() == nullptr) return "no JSON object: " + std::string(json);
  Object& event = *parsed->object();
  if (beta_) say_in_beta(event);
  event.insert(event.begin(), {"type", text_value(type)});
  std::string frame;
  append_text(*parsed, frame);
  return frame;
}

std::string Wire::server_type(const std::string& ga_type) const {
  if (!beta_) return ga_type;
  for (const auto& [ga, beta] : kEventNames) {
    if (!ga_type.starts_with(ga)) continue;
    return beta.empty() ? "" : std::string(beta) + ga_type.substr(ga.size());
  }
  return ga_type;
}

std::string Wire::server_path(const std::string& ga_path) const {
  if (!beta_) return ga_path;
  for (const std::string_view root : {"session.", "response."}) {
    if (!ga_path.starts_with(root)) continue;
    for (const auto& [ga, beta] : kFieldNames) {
      const std::string prefix = std::string(root) + std::string(ga);
      if (beta.empty() || !ga_path.starts_with(prefix)) continue;
      return std::string(root) + std::string(beta) + ga_path.substr(prefix.size());
    }
  }
  return ga_path;
}

std::optional<Value> value_at(const Value& root, std::string_view path) {
  const Value* at = &root;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.front() == '[') {
      const auto* array = std::get_if<Array>(&at->data);
      int index = 0;
      std::from_chars(path.data() + 1, path.data() + path.size(), index);
      path.remove_prefix(path.find(']') + 1);
      if (array == nullptr) return std::nullopt;
      if (index < 0) index += static_cast<int>(array->size());
      if (index < 0 || index >= static_cast<int>(array->size())) return std::nullopt;
      at = &(*array)[static_cast<std::size_t>(index)];
      continue;
    }
    const std::string_view key = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(key.size());
    if (const auto* array = std::get_if<Array>(&at->data); array != nullptr && key == "size") {
      return Value{static_cast<std::int64_t>(array->size())};
    }
    if (const auto* text = std::get_if<std::string>(&at->data); text != nullptr && key == "bytes") {
      std::vector<std::uint8_t> bytes;
      if (!audio::base64_decode(*text, bytes)) return std::nullopt;
      return Value{static_cast<std::int64_t>(bytes.size())};
    }
    at = protocol::json::find(*at, key);
    if (at == nullptr) return std::nullopt;
  }
  return *at;
}

}  // namespace parley::tests
