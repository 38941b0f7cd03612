// SPDX-License-Identifier: MIT
#include "providers/section_reader.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>
#include <string_view>

namespace parley::providers {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stopped == text.data() + text.size();
}

}  // namespace

std::string section_name(const config::EngineSection& section) {
  const std::string name = section.kind + "." + section.name;
  return section.origin.empty() ? name : section.origin + ": " + name;
}

const std::string* SectionReader::find(const std::string& key) {
  known_.push_back(key);
  const auto found = section_.options.find(key);
  return found == section_.options.end() ? nullptr : &found->second;
}

void SectionReader::blame(const std::string& key, const std::string& what) {
  if (mistake_) return;
  const std::string name = section_.kind + "." + section_.name + "." + key;
  const auto origin = section_.origins.find(key);
  const std::string place = origin != section_.origins.end() ? origin->second + ": " + name
                                                             : section_name(section_) + "." + key;
  mistake_ = base::Error{"invalid_config", place + ": " + what, name};
}

void SectionReader::text(const std::string& key, std::string& value) {
  if (const auto* given = find(key)) value = *given;
}

void SectionReader::integer(const std::string& key, int min, int max, int& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  int number = 0;
  if (!read_number(std::string_view(*given), number) || number < min || number > max) {
    blame(key, "'" + *given + "' is not a whole number from " + std::to_string(min) + " to " +
                   std::to_string(max));
    return;
  }
  value = number;
}

void SectionReader::number(const std::string& key, double min, double max, double& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  double number = 0;
  // Not NaN either: it compares false.
  if (!read_number(std::string_view(*given), number) || !(number >= min && number <= max)) {
    std::ostringstream range;
    range << min << " to " << max;
    blame(key, "'" + *given + "' is not a number from " + range.str());
    return;
  }
  value = number;
}

void SectionReader::boolean(const std::string& key, bool& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  if (*given != "true" && *given != "false") {
    blame(key, "'" + *given + "' is neither true nor false");
    return;
  }
  value = *given == "true";
}

void SectionReader::choice(const std::string& key, const std::vector<std::string>& valid,
                           std::string& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  if (std::find(valid.begin(), valid.end(), *given) == valid.end()) {
    std::string words;
    for (const auto& word : valid) words += (words.empty() ? "" : ", ") + word;
    blame(key, "'" + *given + "' is unknown; valid: " + words);
    return;
  }
  value = *given;
}

void SectionReader::milliseconds(const std::string& key, int min, int max, base::Duration& value) {
  auto count = static_cast<int>(std::chrono::duration_cast<base::Milliseconds>(value).count());
  integer(key, min, max, count);
  value = base::Milliseconds(count);
}

void SectionReader::list(const std::string& key, std::vector<std::string>& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  value.clear();
  for (std::string_view rest = *given; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (const auto word = trimmed(entry); !word.empty()) value.emplace_back(word);
  }
}

void SectionReader::map(const std::string& key, std::map<std::string, std::string>& value) {
  std::vector<std::string> entries;
  if (!has(key)) return;
  list(key, entries);
  value.clear();
  for (const auto& entry : entries) {
    const std::size_t sign = entry.find('=');
    const auto name = trimmed(std::string_view(entry).substr(0, sign));
    if (sign == std::string::npos || name.empty()) {
      blame(key, "'" + entry + "' is not of the form name = other");
      return;
    }
    value[std::string(name)] = trimmed(std::string_view(entry).substr(sign + 1));
  }
}

std::optional<base::Error> SectionReader::mistake() {
  for (const auto& [key, value] : section_.options) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string valid;
    for (const auto& known : known_) valid += (valid.empty() ? "" : ", ") + known;
    blame(key, valid.empty() ? "provider '" + section_.provider + "' has no settings"
                             : "unknown key; provider '" + section_.provider + "' knows: " + valid);
  }
  return mistake_;
}

}  // namespace parley::providers
