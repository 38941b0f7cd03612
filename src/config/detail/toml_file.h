// SPDX-License-Identifier: MIT
// Reads a TOML file into a flat list of keys and values with their places. The one file that sees
// the TOML library is toml_file.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/detail/settings.h"

namespace parley::config::detail {

// `type` names what the file holds when it is none of RawValue's forms ("a fraction"); then `value`
// is empty text. `text` is the scalar as an engine's option keeps it.
struct FileEntry {
  std::vector<std::string> section;  // {"server"}, {"stt", "embedded"}; empty: above all sections
  std::string key;                   // empty: the section's own header
  RawValue value;
  std::string text;
  std::optional<std::string> flat;  // a list or table of texts as one text
  std::string wrong_type;           // e.g. "a date"; empty: usable
  bool scalar = false;
  std::string origin;  // "parley.toml:12"
};

// A section's header comes before its keys. Errors: "invalid_config" with file and line.
base::Result<std::vector<FileEntry>> read_toml(std::string_view text, const std::string& file);

}  // namespace parley::config::detail
