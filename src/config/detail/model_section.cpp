// SPDX-License-Identifier: MIT
#include "config/detail/model_section.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "config/detail/nearest.h"

namespace parley::config::detail {

namespace {

using Texts = std::vector<std::string>;
using Names = std::map<std::string, std::string>;

// One row per key: where it goes, what it may be.
struct Key {
  std::string_view name;
  std::variant<std::string ModelSection::*, std::optional<std::string> ModelSection::*,
               Texts ModelSection::*, Names ModelSection::*, std::optional<double> ModelSection::*,
               std::optional<int> ModelSection::*>
      field;
  std::string_view meaning;
  std::vector<std::string_view> choices = {};
  int max = std::numeric_limits<int>::max();
};

const std::vector<Key>& keys() {
  static const std::vector<Key> table = {
      {"stt", &ModelSection::stt, "The recogniser: NAME of an `[stt.NAME]`."},
      {"llm", &ModelSection::llm, "What answers: NAME of an `[llm.NAME]`."},
      {"tts", &ModelSection::tts, "The voice: NAME of a `[tts.NAME]`."},
      {"s2s", &ModelSection::s2s,
       "A realtime API that holds the sessions in place of the three: NAME of an `[s2s.NAME]`."},
      {"stt_fallback", &ModelSection::stt_fallback, "Recognisers to ask when the first one fails."},
      {"llm_fallback", &ModelSection::llm_fallback, "Language models to ask likewise."},
      {"tts_fallback", &ModelSection::tts_fallback, "Voices to ask likewise."},
      {"s2s_fallback", &ModelSection::s2s_fallback,
       "Realtime APIs to ask when the first one cannot begin a session."},
      {"voices", &ModelSection::voices,
       "What a client's voice is called by the engine: `{ alloy = \"af_heart\" }`."},
      {"instructions", &ModelSection::instructions, "Instead of `session.instructions`."},
      {"voice", &ModelSection::voice, "Instead of `session.voice`."},
      {"turn_detection",
       &ModelSection::turn_detection,
       "`server_vad`, `semantic_vad` or `none`, until the client changes it.",
       {"server_vad", "semantic_vad", "none"}},
      {"vad_threshold", &ModelSection::vad_threshold, "From 0 to 1; the API's default is 0.5."},
      {"vad_prefix_padding_ms",
       &ModelSection::vad_prefix_padding_ms,
       "Sound kept from before the detected start; the API's default is 300.",
       {},
       10'000},
      {"vad_silence_duration_ms",
       &ModelSection::vad_silence_duration_ms,
       "Silence that ends a turn; the API's default is 200.",
       {},
       30'000},
      {"input_tokens_max", &ModelSection::input_tokens_max,
       "What the language model's input may hold; older items leave it. Default 28224."},
  };
  return table;
}

std::string quoted_choices(const std::vector<std::string_view>& choices) {
  std::string out;
  for (const auto& choice : choices) out += (out.empty() ? "" : ", ") + toml_string(choice);
  return out;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// "name = a, name = b", as toml_file.cpp flattens a table.
Names names_of(std::string_view flat) {
  Names names;
  while (!flat.empty()) {
    const auto entry = flat.substr(0, flat.find(','));
    flat.remove_prefix(std::min(flat.size(), entry.size() + 1));
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos) {
      names[trimmed(entry.substr(0, equals))] = trimmed(entry.substr(equals + 1));
    }
  }
  return names;
}

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What is wrong with the value; empty: it was written.
class Assign {
 public:
  Assign(ModelSection& model, const FileEntry& entry, const Key& key)
      : model_(model), entry_(entry), key_(key) {}

  std::string operator()(std::string ModelSection::* field) const {
    const auto* text = std::get_if<std::string>(&entry_.value.data);
    if (!entry_.scalar || text == nullptr || !entry_.wrong_type.empty()) return "a text in quotes";
    model_.*field = *text;
    return {};
  }
  std::string operator()(std::optional<std::string> ModelSection::* field) const {
    const auto* text = std::get_if<std::string>(&entry_.value.data);
    const auto& choices = key_.choices;
    if (!entry_.scalar || text == nullptr || !entry_.wrong_type.empty()) return "a text in quotes";
    if (!choices.empty() && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
      return "one of " + quoted_choices(choices);
    }
    model_.*field = *text;
    return {};
  }
  std::string operator()(Texts ModelSection::* field) const {
    const auto* list = std::get_if<Texts>(&entry_.value.data);
    const auto* text = std::get_if<std::string>(&entry_.value.data);
    if (!entry_.wrong_type.empty() || (list == nullptr && text == nullptr)) {
      return "a list of texts";
    }
    model_.*field = list != nullptr ? *list : Texts{*text};
    return {};
  }
  std::string operator()(Names ModelSection::* field) const {
    if (entry_.scalar || !entry_.flat) return "a table of texts";
    model_.*field = names_of(*entry_.flat);
    return {};
  }
  std::string operator()(std::optional<double> ModelSection::* field) const {
    const auto number = number_of<double>(entry_.text);
    if (!entry_.scalar || !number || *number < 0 || *number > 1) return "a number from 0 to 1";
    model_.*field = number;
    return {};
  }
  std::string operator()(std::optional<int> ModelSection::* field) const {
    const auto number = number_of<int>(entry_.text);
    if (!std::holds_alternative<long long>(entry_.value.data) || !number || *number < 0 ||
        *number > key_.max) {
      return "a whole number from 0 to " + std::to_string(key_.max);
    }
    model_.*field = number;
    return {};
  }

 private:
  ModelSection& model_;
  const FileEntry& entry_;
  const Key& key_;
};

class Print {
 public:
  Print(const ModelSection& model, std::string_view name, std::string& out)
      : model_(model), name_(name), out_(out) {}

  void operator()(std::string ModelSection::* field) const {
    if (!(model_.*field).empty()) line(toml_string(model_.*field));
  }
  void operator()(std::optional<std::string> ModelSection::* field) const {
    if (model_.*field) line(toml_string(*(model_.*field)));
  }
  void operator()(Texts ModelSection::* field) const {
    if ((model_.*field).empty()) return;
    std::string list;
    for (const auto& text : model_.*field) list += (list.empty() ? "" : ", ") + toml_string(text);
    line("[" + list + "]");
  }
  void operator()(Names ModelSection::* field) const {
    if ((model_.*field).empty()) return;
    std::string list;
    for (const auto& [name, value] : model_.*field) {
      list += (list.empty() ? "" : ", ") + toml_string(name) + " = " + toml_string(value);
    }
    line("{ " + list + " }");
  }
  void operator()(std::optional<double> ModelSection::* field) const {
    if (!(model_.*field)) return;
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, *(model_.*field)).ptr;
    line(std::string(buffer, end));
  }
  void operator()(std::optional<int> ModelSection::* field) const {
    if (model_.*field) line(std::to_string(*(model_.*field)));
  }

 private:
  void line(const std::string& value) const { out_ += std::string(name_) + " = " + value + "\n"; }

  const ModelSection& model_;
  std::string_view name_;
  std::string& out_;
};

}  // namespace

base::Result<void> assign_model_key(ModelSection& model, const FileEntry& entry) {
  const auto& table = keys();
  const auto key = std::find_if(table.begin(), table.end(),
                                [&](const Key& candidate) { return candidate.name == entry.key; });
  const std::string section = "models." + model.name;
  if (key == table.end()) {
    std::vector<std::string> known;
    for (const Key& candidate : table) known.emplace_back(candidate.name);
    return base::fail("invalid_config", entry.origin + ": unknown key " + entry.key + " in [" +
                                            section + "]; did you mean " +
                                            nearest(entry.key, known) + "?");
  }
  const std::string wrong = std::visit(Assign(model, entry, *key), key->field);
  if (wrong.empty()) return {};
  const std::string name = section + '.' + entry.key;
  return base::fail("invalid_config", entry.origin + ": " + name + " must be " + wrong, name);
}

std::string print_model(const ModelSection& model) {
  std::string out = "[models." + model.name + "]\n";
  for (const Key& key : keys()) std::visit(Print(model, key.name, out), key.field);
  return out;
}

std::vector<ModelKey> model_keys() {
  std::vector<ModelKey> found;
  for (const Key& key : keys()) found.push_back({key.name, key.meaning});
  return found;
}

}  // namespace parley::config::detail
