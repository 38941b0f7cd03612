// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/options.h"

namespace parley::providers {

// Reads a provider's own keys out of an engine section and remembers the first mistake, so that a
// provider lists its keys once and asks for the verdict at the end:
//
//   SectionReader keys(section);
//   keys.integer("decoders_max", 1, 64, options.decoders_max);
//   if (const auto mistake = keys.mistake()) return tl::unexpected(*mistake);
class SectionReader {
 public:
  explicit SectionReader(const config::EngineSection& section) : section_(section) {}

  // Each leaves `value` alone when the key is absent.
  void text(const std::string& key, std::string& value);
  void integer(const std::string& key, int min, int max, int& value);
  void number(const std::string& key, double min, double max, double& value);
  void boolean(const std::string& key, bool& value);  // "true" or "false"
  // One of the given words.
  void choice(const std::string& key, const std::vector<std::string>& valid, std::string& value);
  // Milliseconds, as a whole number.
  void milliseconds(const std::string& key, int min, int max, base::Duration& value);
  // Separated by commas; blanks around an entry are dropped.
  void list(const std::string& key, std::vector<std::string>& value);
  // "name = other, name = other": a list of pairs.
  void map(const std::string& key, std::map<std::string, std::string>& value);

  // A mistake that only the provider can see. Only the first of all is kept.
  void blame(const std::string& key, const std::string& what);
  // Was the key given? It then counts as known.
  bool has(const std::string& key) { return find(key) != nullptr; }

  // The first mistake, unknown keys included; call it after all keys were read.
  std::optional<base::Error> mistake();

 private:
  const std::string* find(const std::string& key);

  const config::EngineSection& section_;
  std::vector<std::string> known_;
  std::optional<base::Error> mistake_;
};

// "stt.embedded", with where it was written when that is known.
std::string section_name(const config::EngineSection& section);

}  // namespace parley::providers
