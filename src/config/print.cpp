// SPDX-License-Identifier: MIT
// The configuration as text: the effective one as TOML, and the list of keys for the reference.
#include <algorithm>
#include <array>
#include <string_view>

#include "config/detail/model_section.h"
#include "config/detail/settings.h"
#include "config/load.h"

namespace parley::config {

namespace {

// Engines' keys belong to their providers, so a secret is told by its name.
bool looks_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 6> kWords = {"key",      "token",      "secret",
                                                             "password", "credential", "header"};
  return std::any_of(kWords.begin(), kWords.end(), [key](std::string_view word) {
    return key.find(word) != std::string_view::npos;
  });
}

bool is_bare_key(std::string_view key) {
  constexpr std::string_view kBare =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !key.empty() && key.find_first_not_of(kBare) == std::string_view::npos;
}

std::string toml_key(std::string_view key) {
  return is_bare_key(key) ? std::string(key) : detail::toml_string(key);
}

void print_engine(const EngineSection& engine, std::string& out) {
  out += "\n[" + engine.kind + '.' + toml_key(engine.name) + "]\n";
  out += "provider = " + detail::toml_string(engine.provider) + '\n';
  for (const auto& [key, value] : engine.options) {
    out += toml_key(key) + " = ";
    out += detail::toml_string(looks_secret(key) && !value.empty() ? "***" : value) + '\n';
  }
}

}  // namespace

std::string print(const Options& options) {
  std::string out;
  std::string_view section;
  for (const detail::Setting& setting : detail::settings()) {
    const auto dot = setting.key.find('.');
    if (setting.key.substr(0, dot) != section) {
      section = setting.key.substr(0, dot);
      out += std::string(out.empty() ? "" : "\n") + '[' + std::string(section) + "]\n";
    }
    out += std::string(setting.key.substr(dot + 1)) + " = " + detail::toml_value(setting, options) +
           '\n';
  }
  if (options.engines.empty()) {
    for (const EngineSection* engine : {&options.stt, &options.llm, &options.tts}) {
      print_engine(*engine, out);
    }
  }
  for (const EngineSection& engine : options.engines) print_engine(engine, out);
  for (const ModelSection& model : options.models) out += '\n' + detail::print_model(model);
  return out;
}

std::vector<KeyInfo> keys() {
  const Options defaults;
  std::vector<KeyInfo> infos;
  for (const detail::Setting& setting : detail::settings()) {
    infos.push_back({std::string(setting.key), detail::toml_value(setting, defaults),
                     std::string(setting.meaning)});
  }
  const auto add = [&infos](const EngineSection& engine, const char* meaning) {
    infos.push_back(
        {engine.kind + ".NAME.provider", detail::toml_string(engine.provider), meaning});
  };
  add(defaults.stt, "What recognises speech.");
  add(defaults.llm, "What answers.");
  add(defaults.tts, "What speaks.");
  for (const auto& [name, meaning] : detail::model_keys()) {
    infos.push_back({"models.NAME." + std::string(name), "unset", std::string(meaning)});
  }
  return infos;
}

}  // namespace parley::config
