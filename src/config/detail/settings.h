// SPDX-License-Identifier: MIT
// The table of all settings: one row per key, from which file, environment, flags, printing and the
// reference page are made.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/options.h"

namespace parley::config::detail {

using TextField = std::string& (*)(Options&);
using ListField = std::vector<std::string>& (*)(Options&);
using NumberField = int& (*)(Options&);

struct Setting {
  std::string_view key;  // "server.listen"
  std::variant<TextField, ListField, NumberField> field;
  std::string_view meaning;
  std::vector<std::string_view> choices = {};  // text: the only values; empty: any
  int min = 0;                                 // numbers
  int max = std::numeric_limits<int>::max();   // numbers
  bool address = false;                        // list of listen addresses, at least one
  bool secret = false;                         // masked when printed
};

std::span<const Setting> settings();
const Setting* find_setting(std::string_view key);

// One value as a source gave it. Text from the environment or a flag may stand for a number or,
// with commas, for a list; text from the file may not.
struct RawValue {
  std::variant<std::string, long long, std::vector<std::string>> data;
  enum class Form { exact, text } form = Form::exact;
};

// Checks the value and writes it. The error says what is wrong and what is accepted, without saying
// where the value came from; it never repeats a secret.
base::Result<void> assign(const Setting& setting, RawValue value, Options& options);

// What the setting takes, as a phrase: "a whole number from 0 to 3".
std::string accepted(const Setting& setting);

// The setting's value as TOML; secrets are masked unless empty.
std::string toml_value(const Setting& setting, const Options& options);
std::string toml_string(std::string_view text);

// Takes "127.0.0.1:7866", "[::1]:7866", "localhost:0".
bool is_listen_address(std::string_view text);

}  // namespace parley::config::detail
