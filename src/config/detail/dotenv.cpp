// SPDX-License-Identifier: MIT
#include "config/detail/dotenv.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace parley::config::detail {

namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::all_of(text.begin(), text.end(), fits);
}

// Nothing: the quote is not closed, or something stands behind it.
std::optional<std::string> quoted(std::string_view text) {
  const char quote = text.front();
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      const auto rest = trim(text.substr(i + 1));
      if (!rest.empty() && rest.front() != '#') return std::nullopt;
      return out;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return std::nullopt;
}

std::string bare(std::string_view text) {
  const auto comment = text.find(" #");
  return std::string(trim(text.substr(0, comment)));
}

}  // namespace

base::Result<std::map<std::string, std::string>> read_dotenv(std::string_view text,
                                                             const std::string& file) {
  std::map<std::string, std::string> variables;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    constexpr std::string_view kExport = "export ";
    if (line.starts_with(kExport)) line = trim(line.substr(kExport.size()));
    const auto fault = [&](const char* what) {
      return base::fail("invalid_config", file + ":" + std::to_string(number) + ": " + what);
    };
    const auto equals = line.find('=');
    const std::string_view name = trim(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_name(name)) {
      return fault("must be NAME=VALUE, a comment or nothing");
    }
    const std::string_view value = trim(line.substr(equals + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
      auto inside = quoted(value);
      if (!inside) return fault("a quoted value must end with its quote");
      variables[std::string(name)] = std::move(*inside);
    } else {
      variables[std::string(name)] = bare(value);
    }
  }
  return variables;
}

}  // namespace parley::config::detail
