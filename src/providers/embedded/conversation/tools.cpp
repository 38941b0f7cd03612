// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/tools.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

namespace parley::providers::embedded {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kScoreMin = 2.0;  // a word of the name, or two of the description
constexpr int kDepthMax = 8;

constexpr std::array<std::string_view, 44> kStopWords = {
    "a",    "an",   "the",  "is",    "are",   "of",   "in",    "on",     "at",   "to",      "for",
    "and",  "or",   "it",   "i",     "me",    "my",   "you",   "your",   "what", "which",   "who",
    "how",  "do",   "does", "can",   "could", "will", "would", "please", "get",  "give",    "tell",
    "with", "from", "by",   "about", "this",  "that", "be",    "if",     "any",  "current", "like"};

// Words that ask for the same thing.
constexpr std::array<std::array<std::string_view, 5>, 9> kSynonyms = {{
    {"weather", "forecast", "temperature", "rain", "sunny"},
    {"time", "clock", "hour", "", ""},
    {"order", "buy", "purchase", "", ""},
    {"book", "reserve", "reservation", "booking", ""},
    {"search", "find", "look", "lookup", "query"},
    {"hang", "hangup", "end", "bye", ""},
    {"transfer", "connect", "forward", "human", "agent"},
    {"email", "mail", "message", "send", ""},
    {"light", "lights", "lamp", "", ""},
}};

bool is_stop_word(std::string_view word) {
  return std::find(kStopWords.begin(), kStopWords.end(), word) != kStopWords.end();
}

bool same_meaning(std::string_view heard, std::string_view meant) {
  if (sounds_like(heard, meant)) return true;
  if (heard.size() > 3 &&
      (heard == std::string(meant) + "s" || meant == std::string(heard) + "s")) {
    return true;
  }
  return std::any_of(kSynonyms.begin(), kSynonyms.end(), [&](const auto& group) {
    const auto has = [&](std::string_view word) {
      return std::find(group.begin(), group.end(), word) != group.end();
    };
    return has(heard) && has(meant);
  });
}

// get_weather, getWeather -> get weather
Words words_of_name(std::string_view name) {
  std::string spaced;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) spaced += ' ';
    spaced += c == '_' || c == '-' || c == '.' ? ' ' : c;
  }
  return words_of(spaced);
}

double overlap(const Words& said, const Words& meant) {
  double score = 0;
  for (const auto& word : meant) {
    if (is_stop_word(word)) continue;
    score += std::any_of(said.begin(), said.end(),
                         [&](const std::string& heard) { return same_meaning(heard, word); });
  }
  return score;
}

Json parameters_of(const engine::Tool& tool) {
  Json schema = Json::parse(tool.parameters.text, nullptr, false);
  return schema.is_object() ? schema : Json::object();
}

Json properties_of(const Json& schema) {
  const auto found = schema.find("properties");
  return found != schema.end() && found->is_object() ? *found : Json::object();
}

double score(const engine::Tool& tool, const Words& words) {
  double total = 2.0 * overlap(words, words_of_name(tool.name));
  total += std::min(2.0, overlap(words, words_of(tool.description)));
  return total;
}

// ---- arguments
// -----------------------------------------------------------------------------------

// Words that name the tool rather than its arguments.
std::set<std::string> words_of_tool(const engine::Tool& tool, const Words& words) {
  std::set<std::string> names;
  const Words meant = words_of_name(tool.name);
  for (const auto& word : words) {
    if (is_stop_word(word) || std::any_of(meant.begin(), meant.end(), [&](const auto& name) {
          return same_meaning(word, name);
        })) {
      names.insert(word);
    }
  }
  return names;
}

// The words behind a cue ("in", "to") up to the next little word: "in new york tomorrow" -> new
// york.
Words behind(const Words& words, std::initializer_list<std::string_view> cues) {
  static constexpr std::array<std::string_view, 12> kEnds = {
      "today", "tomorrow", "tonight", "now",  "please", "right",
      "at",    "on",       "for",     "with", "this",   "next"};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::find(cues.begin(), cues.end(), words[i]) == cues.end()) continue;
    Words found;
    for (std::size_t j = i + 1; j < words.size(); ++j) {
      if (std::find(kEnds.begin(), kEnds.end(), words[j]) != kEnds.end()) break;
      if (found.empty() && (words[j] == "the" || words[j] == "a")) continue;
      found.push_back(words[j]);
    }
    if (!found.empty()) return found;
  }
  return {};
}

bool named(const std::string& property, std::initializer_list<std::string_view> names) {
  const Words parts = words_of_name(property);
  return std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
    return std::find(names.begin(), names.end(), part) != names.end();
  });
}

std::string remaining(const Words& words, const std::set<std::string>& taken) {
  Words rest;
  for (const auto& word : words) {
    if (taken.count(word) == 0) rest.push_back(word);
  }
  return join(rest);
}

// nullopt: the user's words do not say.
std::optional<Json> text_argument(const std::string& property, const Words& words,
                                  const std::set<std::string>& taken) {
  if (named(property, {"date", "day", "when"})) {
    for (const auto* day : {"today", "tomorrow", "tonight", "monday", "tuesday", "wednesday",
                            "thursday", "friday", "saturday", "sunday"}) {
      if (std::find(words.begin(), words.end(), day) != words.end()) return Json(day);
    }
    return std::nullopt;
  }
  if (named(property, {"location", "city", "place", "where", "country", "address", "region"})) {
    const Words place = behind(words, {"in", "for", "at", "near", "from"});
    if (!place.empty()) return Json(title_case(join(place)));
  } else if (named(property, {"to", "recipient", "destination", "person", "contact"})) {
    const Words who = behind(words, {"to", "with"});
    if (!who.empty()) return Json(title_case(join(who)));
  } else if (named(property, {"query", "topic", "subject", "question", "search", "term"})) {
    const Words topic = behind(words, {"for", "about"});
    if (!topic.empty()) return Json(join(topic));
  }
  const std::string rest = remaining(words, taken);
  if (rest.empty()) return std::nullopt;
  return Json(named(property, {"name", "location", "city", "place"}) ? title_case(rest) : rest);
}

std::optional<Json> argument(const std::string& property, const Json& schema, const Words& words,
                             const std::set<std::string>& taken) {
  if (!schema.is_object()) return std::nullopt;
  if (const auto values = schema.find("enum"); values != schema.end() && values->is_array()) {
    for (const auto& value : *values) {
      if (!value.is_string()) continue;
      const Words meant = words_of_name(value.get<std::string>());
      if (!meant.empty() && has_phrase(words, join(meant))) return value;
    }
    return std::nullopt;
  }
  const std::string type = schema.contains("type") && schema["type"].is_string()
                               ? schema["type"].get<std::string>()
                               : "";
  if (type == "number" || type == "integer") {
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::size_t position = i;
      if (const auto number = read_number(words, position)) {
        if (type == "integer") return Json(static_cast<std::int64_t>(*number));
        return Json(*number);
      }
    }
    return std::nullopt;
  }
  if (type == "boolean") {
    if (has_any(words, {"off", "no", "not", "disable", "false", "without"})) return Json(false);
    if (has_any(words, {"on", "yes", "enable", "true", "with"})) return Json(true);
    return std::nullopt;
  }
  if (type == "array" || type == "object") return std::nullopt;
  return text_argument(property, words, taken);
}

// For what is required and was not said.
Json some_value(const Json& schema) {
  if (!schema.is_object()) return Json("");
  if (schema.contains("default")) return schema["default"];
  if (schema.contains("enum") && schema["enum"].is_array() && !schema["enum"].empty()) {
    return schema["enum"][0];
  }
  const std::string type = schema.contains("type") && schema["type"].is_string()
                               ? schema["type"].get<std::string>()
                               : "";
  if (type == "number" || type == "integer") return Json(0);
  if (type == "boolean") return Json(true);
  if (type == "array") return Json::array();
  if (type == "object") return Json::object();
  return Json("");
}

bool is_required(const Json& schema, const std::string& property) {
  const auto required = schema.find("required");
  return required != schema.end() && required->is_array() &&
         std::find(required->begin(), required->end(), Json(property)) != required->end();
}

std::string fill_arguments(const engine::Tool& tool, const Words& words) {
  const Json schema = parameters_of(tool);
  const Json properties = properties_of(schema);
  const auto taken = words_of_tool(tool, words);
  Json arguments = Json::object();
  for (const auto& [property, property_schema] : properties.items()) {
    if (auto value = argument(property, property_schema, words, taken)) {
      arguments[property] = std::move(*value);
    } else if (is_required(schema, property)) {
      arguments[property] = some_value(property_schema);
    }
  }
  return arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// "weather in rome and oslo" -> "weather in rome", "weather in oslo".
std::vector<Words> split_places(const Words& words) {
  const auto in = std::find_if(words.begin(), words.end(),
                               [](const auto& word) { return word == "in" || word == "for"; });
  const auto conjunction = std::find(in, words.end(), "and");
  if (in == words.end() || conjunction == words.end() || conjunction + 1 == words.end() ||
      conjunction - in > 4 || words.end() - conjunction > 4) {
    return {words};
  }
  Words first(words.begin(), conjunction);
  Words second(words.begin(), in + 1);
  auto next = conjunction + 1;
  if (*next == "in" || *next == "for") ++next;
  second.insert(second.end(), next, words.end());
  return {first, second};
}

bool takes_a_place(const engine::Tool& tool) {
  const Json properties = properties_of(parameters_of(tool));
  for (const auto& [property, schema] : properties.items()) {
    if (named(property, {"location", "city", "place", "country", "region"})) return true;
  }
  return false;
}

std::string tell(const Json& value, int depth) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number()) return write_number(value.get<double>());
  if (value.is_null() || depth > kDepthMax) return "nothing";
  std::string text;
  for (const auto& [key, entry] : value.items()) {
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += join(words_of_name(key)) + " ";
    text += tell(entry, depth + 1);
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

std::vector<engine::ToolCall> choose_tools(const engine::LlmRequest& request, const Words& words) {
  if (!request.tools_allowed || request.tools.empty()) return {};
  const engine::Tool* chosen = nullptr;
  double best = request.tool_required ? -1 : kScoreMin - 0.01;
  for (const auto& tool : request.tools) {
    if (!request.forced_tool.empty()) {
      if (tool.name == request.forced_tool) chosen = &tool;
      continue;
    }
    const double value = score(tool, words);
    if (value > best) {
      best = value;
      chosen = &tool;
    }
  }
  if (chosen == nullptr) return {};
  std::vector<engine::ToolCall> calls;
  const std::vector<Words> parts =
      takes_a_place(*chosen) ? split_places(words) : std::vector<Words>(1, words);
  for (const auto& part : parts) {
    calls.push_back({{}, chosen->name, fill_arguments(*chosen, part)});
  }
  return calls;
}

std::string tell_result(const std::string& output) {
  const Json value = Json::parse(output, nullptr, false);
  if (value.is_discarded()) return output.empty() ? "That is done." : output;
  if (value.is_object() && value.contains("error")) {
    return "That did not work: " + tell(value["error"], 0) + ".";
  }
  if (value.is_null() || ((value.is_object() || value.is_array()) && value.empty())) {
    return "That is done.";
  }
  if (value.is_boolean())
    return value.get<bool>() ? "Yes, that is done." : "No, that did not work.";
  std::string text = "Here is what I found: " + tell(value, 0);
  if (text.back() != '.' && text.back() != '!' && text.back() != '?') text += '.';
  return text;
}

}  // namespace parley::providers::embedded
