// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/tools.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "providers/embedded/conversation/arithmetic.h"
#include "providers/embedded/conversation/vocabulary.h"

namespace parley::providers::embedded {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kScoreMin = 2.0;  // a word of the name, or two of the description
constexpr int kDepthMax = 8;
constexpr std::size_t kToldBytesMax = 1500;  // of a result: nobody listens to more

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_stop_word(std::string_view word) { return is_in(kStopWords, word); }

bool same_meaning(std::string_view heard, std::string_view meant) {
  if (heard == "times" && meant == "time") return false;  // arithmetic
  if (sounds_like(heard, meant)) return true;
  if (heard.size() > 3 &&
      (heard == std::string(meant) + "s" || meant == std::string(heard) + "s")) {
    return true;
  }
  return std::any_of(kSynonyms.begin(), kSynonyms.end(),
                     [&](const auto& group) { return is_in(group, heard) && is_in(group, meant); });
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

bool means(const Words& said, std::string_view meant) {
  return std::any_of(said.begin(), said.end(),
                     [&](const std::string& heard) { return same_meaning(heard, meant); });
}

// Values that the schema offers ("large") tell of the tool as its description does.
Words words_of_enums(const engine::Tool& tool) {
  Words values;
  const Json properties = properties_of(parameters_of(tool));
  for (const auto& [name, schema] : properties.items()) {
    if (!schema.is_object() || !schema.contains("enum") || !schema["enum"].is_array()) continue;
    for (const auto& value : schema["enum"]) {
      if (value.is_string())
        values.push_back(words_of_name(value.get<std::string>()).empty()
                             ? std::string()
                             : words_of_name(value.get<std::string>())[0]);
    }
  }
  return values;
}

// How well the words ask for the tool; below kScoreMin they do not.
double score(const engine::Tool& tool, const Words& words) {
  Words name = words_of_name(tool.name);
  const double described = std::min(2.0, overlap(words, words_of(tool.description)));
  if (name.empty() || !is_in(kDoing, name[0])) return 2.0 * overlap(words, name) + described;
  const std::string verb = name[0];
  name.erase(name.begin());
  const double object = overlap(words, name);
  const bool has_object =
      std::any_of(name.begin(), name.end(), [](const auto& word) { return !is_stop_word(word); });
  const bool asked = means(words, verb);
  const bool wished = has_any(words, {"i want", "i would like", "i need", "can i have", "can i get",
                                      "get me", "give me", "i will have"});
  const double hints = described + overlap(words, words_of_enums(tool));
  const bool wanted =
      asked ? !has_object || !is_in(kVague, verb) || object > 0 || hints > 1 : wished && object > 0;
  return wanted ? 2.0 * (static_cast<double>(asked) + object) + std::min(2.0, hints) : 0;
}

// Things said that only look like a request for a tool.
bool is_talk(const Words& words) {
  return words.empty() || has_any({words[0]}, {"repeat", "spell", "say"}) ||
         has_any(words, {"my name is", "what can you do"}) ||
         (has_phrase(words, "call me") && words.size() <= 4);
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
  static constexpr std::array<std::string_view, 23> kEnds = {
      "today", "tomorrow", "tonight", "now", "please", "right", "at", "on",
      "with",  "this",     "next",    "and", "what",   "how",   "is", "will",
      "in",    "for",      "because", "do",  "thanks", "thank", "i"};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::find(cues.begin(), cues.end(), words[i]) == cues.end()) continue;
    Words found;
    for (std::size_t j = i + 1; j < words.size(); ++j) {
      if (is_in(kEnds, words[j])) break;
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

Words remaining(const Words& words, const std::set<std::string>& taken) {
  Words rest;
  for (const auto& word : words) {
    if (taken.count(word) == 0 && !is_in(kFillers, word)) rest.push_back(word);
  }
  return rest;
}

// The words behind the first of `cues` that is said, to the end: a search is for all of it.
std::string all_behind(const Words& words, std::initializer_list<std::string_view> cues) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::find(cues.begin(), cues.end(), words[i]) != cues.end()) return join(words, i + 1);
  }
  return {};
}

// What a property may be filled from.
struct Source {
  const Words& words;
  std::set<std::string> taken;  // words that are spoken for: they name the tool, or other arguments
  std::size_t number_at = 0;    // numbers before it went to other properties
  bool may_guess = false;       // nothing points at the property: it may have what is left
};

std::string type_of(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return {};
  if (type->is_string()) return type->get<std::string>();
  if (!type->is_array()) return {};
  for (const auto& entry : *type) {  // ["string", "null"]
    if (entry.is_string() && entry != "null") return entry.get<std::string>();
  }
  return {};
}

// nullopt: the user's words do not say.
std::optional<Json> text_argument(const std::string& property, Source& source) {
  const Words& words = source.words;
  if (named(property, {"date", "day", "when"})) {
    for (const auto* day : {"today", "tomorrow", "tonight", "monday", "tuesday", "wednesday",
                            "thursday", "friday", "saturday", "sunday"}) {
      if (std::find(words.begin(), words.end(), day) != words.end()) return Json(day);
    }
    return std::nullopt;
  }
  const bool place = named(
      property, {"location", "city", "place", "where", "country", "address", "region", "timezone"});
  if (place) {
    const Words where = behind(words, {"in", "for", "at", "near", "from"});
    if (!where.empty()) return Json(title_case(join(where)));
  } else if (named(property,
                   {"to", "recipient", "destination", "person", "contact", "department"})) {
    Words who = behind(words, {"to", "with"});
    if (who.size() > 1 && who.back() == property) who.pop_back();
    if (!who.empty()) return Json(property == "department" ? join(who) : title_case(join(who)));
  } else if (named(property, {"query", "topic", "subject", "question", "search", "term"})) {
    const std::string topic = all_behind(words, {"for", "about"});
    if (!topic.empty()) return Json(topic);
  }
  if (!source.may_guess) return std::nullopt;
  const Words rest = remaining(words, source.taken);
  if (rest.empty()) return std::nullopt;
  source.taken.insert(rest.begin(), rest.end());
  return Json(place || named(property, {"name"}) ? title_case(join(rest)) : join(rest));
}

std::optional<double> next_number(Source& source) {
  for (std::size_t i = source.number_at; i < source.words.size(); ++i) {
    std::size_t position = i;
    const auto number = read_number(source.words, position);
    if (!number) continue;
    source.taken.insert(source.words.begin() + static_cast<std::ptrdiff_t>(i),
                        source.words.begin() + static_cast<std::ptrdiff_t>(position));
    source.number_at = position;
    return number;
  }
  return std::nullopt;
}

Json whole(double number) {
  return Json(static_cast<std::int64_t>(std::clamp(number, -9e15, 9e15)));
}

// Those of the schema's values that the words name.
std::vector<Json> enum_values(const Json& values, Source& source) {
  std::vector<Json> found;
  for (const auto& value : values) {
    if (value.is_string()) {
      const Words meant = words_of_name(value.get<std::string>());
      if (meant.empty() || !has_phrase(source.words, join(meant))) continue;
      source.taken.insert(meant.begin(), meant.end());
      found.push_back(value);
    } else if (value.is_number()) {
      Source numbers{source.words, {}, 0, false};
      while (const auto number = next_number(numbers)) {
        if (*number == value.get<double>()) found.push_back(value);
      }
    }
  }
  return found;
}

Json array_argument(const Json& schema, Source& source) {
  Json list = Json::array();
  const auto items = schema.find("items");
  if (items == schema.end() || !items->is_object()) return list;
  const std::string type = type_of(*items);
  if (const auto values = items->find("enum"); values != items->end() && values->is_array()) {
    for (auto& value : enum_values(*values, source)) list.push_back(std::move(value));
  } else if (type == "number" || type == "integer") {
    while (const auto number = next_number(source)) {
      list.push_back(type == "integer" || *number == std::floor(*number) ? whole(*number)
                                                                         : Json(*number));
    }
  } else if (type == "string") {
    Words item;
    auto named_by_tool = source.taken;
    named_by_tool.erase("and");
    for (const auto& word : remaining(source.words, named_by_tool)) {
      if (word != "and") {
        item.push_back(word);
      } else if (!item.empty()) {
        list.push_back(join(std::exchange(item, {})));
      }
    }
    if (!item.empty()) list.push_back(join(item));
  }
  return list;
}

std::optional<Json> argument(const std::string& property, const Json& schema, Source& source) {
  if (!schema.is_object()) return std::nullopt;
  if (const auto values = schema.find("enum"); values != schema.end() && values->is_array()) {
    auto found = enum_values(*values, source);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }
  const std::string type = type_of(schema);
  if (type == "number" || type == "integer") {
    const auto number = next_number(source);
    if (!number) return std::nullopt;
    return type == "integer" ? whole(*number) : Json(*number);
  }
  if (type == "boolean") {
    if (has_any(source.words, {"off", "no", "not", "disable", "false", "without"}))
      return Json(false);
    if (has_any(source.words, {"on", "yes", "enable", "true", "with"})) return Json(true);
    return std::nullopt;
  }
  if (type == "array") {
    Json list = array_argument(schema, source);
    if (list.empty()) return std::nullopt;
    return list;
  }
  if (type == "object") return std::nullopt;
  return text_argument(property, source);
}

// For what is required and was not said.
Json some_value(const std::string& property, const Json& schema) {
  if (!schema.is_object()) return Json("");
  if (schema.contains("default")) return schema["default"];
  if (schema.contains("enum") && schema["enum"].is_array() && !schema["enum"].empty()) {
    return schema["enum"][0];
  }
  const std::string type = type_of(schema);
  if (type == "number" || type == "integer") {
    if (schema.contains("minimum") && schema["minimum"].is_number()) return schema["minimum"];
    return Json(named(property, {"count", "quantity", "amount", "number"}) ? 1 : 0);
  }
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
  Source source{words, words_of_tool(tool, words), 0, false};
  const bool any_required =
      schema.contains("required") && schema["required"].is_array() && !schema["required"].empty();
  Json arguments = Json::object();
  std::vector<std::string> absent;
  // Enumerations first: they know their words, and what is left is free text's.
  for (const bool text : {false, true}) {
    bool first = true;
    for (const auto& [property, property_schema] : properties.items()) {
      const bool required = is_required(schema, property);
      const bool is_text =
          property_schema.is_object() && !property_schema.contains("enum") &&
          (type_of(property_schema) == "string" || type_of(property_schema).empty());
      if (!text) arguments[property] = nullptr;  // keeps the schema's order
      if (is_text != text) continue;
      source.may_guess = required || (!any_required && std::exchange(first, false));
      if (auto value = argument(property, property_schema, source)) {
        arguments[property] = std::move(*value);
      } else if (required) {
        arguments[property] = some_value(property, property_schema);
      } else {
        absent.push_back(property);
      }
    }
  }
  for (const auto& property : absent) arguments.erase(property);
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
  if (behind(second, {"in", "for"}).empty()) return {words};  // "... and how are you"
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
    if (text.size() > kToldBytesMax) break;
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += join(words_of_name(key)) + " ";
    text += tell(entry, depth + 1);
  }
  return text.empty() ? "nothing" : text;
}

std::string sentence(std::string text) {
  if (text.size() > kToldBytesMax) {
    text = std::string(prefix(text, kToldBytesMax));
    text = text.substr(0, text.find_last_of(' ')) + ", and so on";
  }
  if (text.back() != '.' && text.back() != '!' && text.back() != '?') text += '.';
  return text;
}

// {"success": true}, {"status": "ok"}: only whether it worked.
std::optional<bool> outcome(const Json& value) {
  if (!value.is_object() || value.size() != 1) return std::nullopt;
  const Json& only = value.begin().value();
  if (only.is_boolean()) return only.get<bool>();
  if (only == "ok" || only == "OK" || only == "success" || only == "done") return true;
  return std::nullopt;
}

}  // namespace

std::vector<engine::ToolCall> choose_tools(const engine::LlmRequest& request, const Words& words) {
  if (!request.tools_allowed || request.tools.empty()) return {};
  const bool free = request.forced_tool.empty() && !request.tool_required;
  if (free && (is_talk(words) || answer_sum(words))) return {};
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
  calls.reserve(parts.size());
  for (const auto& part : parts) {
    calls.push_back({{}, chosen->name, fill_arguments(*chosen, part)});
  }
  return calls;
}

std::string tell_result(const std::string& output) {
  const Json value = Json::parse(output, nullptr, false);
  if (value.is_discarded()) {
    return words_of(output).empty() ? "That is done." : sentence(output);
  }
  if (value.is_object() && value.contains("error")) {
    return "That did not work: " + sentence(tell(value["error"], 0));
  }
  if (value.is_null() || ((value.is_object() || value.is_array()) && value.empty())) {
    return "That is done.";
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "Yes, that is done." : "No, that did not work.";
  }
  if (const auto worked = outcome(value)) return *worked ? "That is done." : "That did not work.";
  const bool one = value.is_object() && value.size() == 1 && value.begin().value().is_string();
  if (one && words_of(tell(value.begin().value(), 0)).size() > 2) {
    return sentence(tell(value.begin().value(), 0));  // its key would only disturb
  }
  return sentence("Here is what I found: " + tell(value, 0));
}

}  // namespace parley::providers::embedded
