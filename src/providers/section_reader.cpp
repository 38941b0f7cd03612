// SPDX-License-Identifier: MIT
#include "providers/section_reader.h"

#include <algorithm>
#include <charconv>

namespace parley::providers {

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
  mistake_ = base::Error{"invalid_config", section_name(section_) + "." + key + ": " + what,
                         section_.kind + "." + section_.name + "." + key};
}

void SectionReader::text(const std::string& key, std::string& value) {
  if (const auto* given = find(key)) value = *given;
}

void SectionReader::integer(const std::string& key, int min, int max, int& value) {
  const auto* given = find(key);
  if (given == nullptr) return;
  int number = 0;
  const char* end = given->data() + given->size();
  const auto [stopped, error] = std::from_chars(given->data(), end, number);
  if (error != std::errc() || stopped != end || number < min || number > max) {
    blame(key, "'" + *given + "' is not a whole number from " + std::to_string(min) + " to " +
                   std::to_string(max));
    return;
  }
  value = number;
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
