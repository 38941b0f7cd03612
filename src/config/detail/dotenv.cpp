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

// What follows a backslash in double quotes; in single quotes it hides only itself and the quote.
char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

// Takes a quoted value, which may go over lines, and the rest of its last line off `text`. Nothing:
// the quote is not closed, or something stands behind it.
std::optional<std::string> take_quoted(std::string_view& text) {
  const char quote = text.front();
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      text.remove_prefix(i + 1);
      const auto rest = trim(text.substr(0, text.find('\n')));
      if (!rest.empty() && rest.front() != '#') return std::nullopt;
      text.remove_prefix(std::min(text.size(), text.find('\n')));
      return out;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escape =
        text[i] == '\\' && (quote == '"' ? next != '\0' : next == '\\' || next == quote);
    if (escape) {
      out += quote == '"' ? unescaped(next) : next;
      ++i;
    } else if (text[i] != '\r' || next != '\n') {
      out += text[i];
    }
  }
  return std::nullopt;
}

std::string bare(std::string_view text) {
  const auto comment = text.find(" #");
  return std::string(trim(text.substr(0, comment)));
}

// ${NAME} and ${NAME:-otherwise}; whatever else has a dollar in it stays.
template <class LookUp>
std::string expanded(std::string_view text, const LookUp& value_of) {
  std::string out;
  while (!text.empty()) {
    const auto begin = text.find("${");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = text.find('}');
    const std::string_view inside = text.substr(2, end == std::string_view::npos ? 0 : end - 2);
    const auto dash = inside.find(":-");
    const std::string_view name = inside.substr(0, dash);
    if (!is_name(name)) {
      out += text.substr(0, 2);
      text.remove_prefix(2);
      continue;
    }
    if (const auto value = value_of(std::string(name))) {
      out += *value;
    } else if (dash != std::string_view::npos) {
      out += inside.substr(dash + 2);
    }
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

base::Result<std::map<std::string, std::string>> read_dotenv(std::string_view text,
                                                             const std::string& file,
                                                             const Environment& environment) {
  std::map<std::string, std::string> variables;
  const auto value_of = [&](const std::string& name) -> std::optional<std::string> {
    if (auto outer = look_up(environment, name)) return outer;
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  const std::string_view whole = text;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const auto before = whole.substr(0, whole.size() - text.size());
    const auto number = std::count(before.begin(), before.end(), '\n') + 1;
    const auto fault = [&](const char* what) {
      return base::fail("invalid_config", file + ":" + std::to_string(number) + ": " + what);
    };
    const std::string_view raw = text.substr(0, text.find('\n'));
    std::string_view line = trim(raw);
    text.remove_prefix(raw.size());  // a newline that is left makes an empty line
    if (line.empty() || line.front() == '#') {
      if (!text.empty()) text.remove_prefix(1);
      continue;
    }
    constexpr std::string_view kExport = "export ";
    if (line.starts_with(kExport)) line = trim(line.substr(kExport.size()));
    const auto equals = line.find('=');
    const std::string_view name = trim(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_name(name)) {
      return fault("must be NAME=VALUE, a comment or nothing");
    }
    const std::string_view value = trim(line.substr(equals + 1));
    if (value.empty() || (value.front() != '"' && value.front() != '\'')) {
      variables[std::string(name)] = expanded(bare(value), value_of);
      continue;
    }
    text = whole.substr(static_cast<std::size_t>(value.data() - whole.data()));
    auto inside = take_quoted(text);
    if (!inside) return fault("a quoted value must end with its quote");
    if (value.front() == '"') inside = expanded(*inside, value_of);
    variables[std::string(name)] = std::move(*inside);
  }
  return variables;
}

}  // namespace parley::config::detail
