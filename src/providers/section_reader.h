// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
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

  // The first mistake, unknown keys included; call it after all keys were read.
  std::optional<base::Error> mistake();

 private:
  void blame(const std::string& key, const std::string& what);
  const std::string* find(const std::string& key);

  const config::EngineSection& section_;
  std::vector<std::string> known_;
  std::optional<base::Error> mistake_;
};

// "stt.embedded", with where it was written when that is known.
std::string section_name(const config::EngineSection& section);

}  // namespace parley::providers
