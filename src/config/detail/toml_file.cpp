// SPDX-License-Identifier: MIT
#include "config/detail/toml_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <charconv>
#include <optional>
#include <utility>

namespace parley::config::detail {

namespace {

std::string place(const std::string& file, const toml::source_region& source) {
  return file + ':' + std::to_string(source.begin.line);
}

std::string_view type_phrase(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "something else";
}

std::string shortest(double number) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return error == std::errc{} ? std::string(buffer, end) : std::string();
}

void read_list(const toml::array& list, FileEntry& entry) {
  std::vector<std::string> items;
  for (const toml::node& node : list) {
    const auto* text = node.as_string();
    if (text == nullptr) {
      entry.wrong_type = "a list with " + std::string(type_phrase(node)) + " in it";
      return;
    }
    items.push_back(text->get());
  }
  entry.value.data = std::move(items);
}

// A list or table of texts as one text, the way an engine's option or an environment variable would
// hold it: "a, b" and "name = a, name = b".
std::optional<std::string> flattened(const toml::node& node) {
  std::string out;
  const auto add = [&out](const toml::node& value, const std::string& before) {
    const auto* text = value.as_string();
    if (text == nullptr) return false;
    out += (out.empty() ? "" : ", ") + before + text->get();
    return true;
  };
  if (const auto* list = node.as_array()) {
    for (const toml::node& item : *list) {
      if (!add(item, "")) return std::nullopt;
    }
    return out;
  }
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      if (!add(value, std::string(key.str()) + " = ")) return std::nullopt;
    }
    return out;
  }
  return std::nullopt;
}

void read_value(const toml::node& node, FileEntry& entry) {
  entry.flat = flattened(node);
  entry.scalar = true;
  if (const auto* text = node.as_string()) {
    entry.text = text->get();
    entry.value.data = entry.text;
  } else if (const auto* integer = node.as_integer()) {
    entry.text = std::to_string(integer->get());
    entry.value.data = static_cast<long long>(integer->get());
  } else if (const auto* list = node.as_array()) {
    entry.scalar = false;
    read_list(*list, entry);
  } else {
    entry.wrong_type = type_phrase(node);
    if (const auto* boolean = node.as_boolean()) {
      entry.text = boolean->get() ? "true" : "false";
    } else if (const auto* number = node.as_floating_point()) {
      entry.text = shortest(number->get());
    } else {
      entry.scalar = false;
    }
  }
}

// Engines and models have names: [stt.NAME], [models.NAME].
constexpr std::size_t kDepthMax = 2;

void read_table(const toml::table& table, const std::vector<std::string>& section,
                const std::string& file, std::vector<FileEntry>& out) {
  for (const auto& [key, node] : table) {
    FileEntry entry{.section = section,
                    .key = {},
                    .value = {},
                    .text = {},
                    .flat = {},
                    .wrong_type = {},
                    .origin = place(file, key.source())};
    const toml::table* inner = node.as_table();
    if (inner != nullptr && section.size() < kDepthMax) {
      entry.section.emplace_back(key.str());
      const auto deeper = entry.section;
      out.push_back(std::move(entry));
      read_table(*inner, deeper, file, out);
      continue;
    }
    entry.key = key.str();
    read_value(node, entry);
    out.push_back(std::move(entry));
  }
}

}  // namespace

base::Result<std::vector<FileEntry>> read_toml(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return base::fail("invalid_config", place(file, error.source()) + ": not valid TOML: " +
                                            std::string(error.description()));
  }
  std::vector<FileEntry> entries;
  read_table(parsed.table(), {}, file, entries);
  return entries;
}

}  // namespace parley::config::detail
