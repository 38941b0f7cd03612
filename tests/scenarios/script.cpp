// SPDX-License-Identifier: MIT
#include "tests/scenarios/script.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace parley::tests {

namespace {

constexpr std::string_view kTolerance = "±";
constexpr std::array<std::string_view, 15> kVerbs = {
    "options", "client", "user",        "raw",  "speech",      "silence", "engine", "wait",
    "quiet",   "expect", "expect-next", "none", "model-reads", "closed",  "flow"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A word of a line: up to a space, but texts in quotes keep theirs. `\"` and `\n` are understood.
struct Word {
  std::string text;
  std::size_t quote = std::string::npos;  // where in `text` the quoted part began
};

std::optional<Word> next_word(std::string_view& rest) {
  rest = trimmed(rest);
  if (rest.empty() || rest.front() == '#') return std::nullopt;
  Word word;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size() && (quoted || rest[i] != ' '); ++i) {
    if (rest[i] == '"') {
      if (!quoted) word.quote = word.text.size();
      quoted = !quoted;
    } else if (quoted && rest[i] == '\\' && i + 1 < rest.size()) {
      ++i;
      word.text += rest[i] == 'n' ? '\n' : rest[i];
    } else {
      word.text += rest[i];
    }
  }
  rest.remove_prefix(i);
  return word;
}

std::optional<Field> as_field(const Word& word) {
  const std::size_t sign = word.text.find_first_of("=~");
  if (sign == std::string::npos || sign == 0 || sign >= word.quote) return std::nullopt;
  Field field;
  field.path = word.text.substr(0, sign);
  field.quoted = word.quote != std::string::npos;
  if (word.text[sign] == '~') field.kind = Field::Kind::contains;
  if (word.text.compare(sign, 2, "=>") == 0) field.kind = Field::Kind::capture;
  field.value = word.text.substr(sign + (field.kind == Field::Kind::capture ? 2 : 1));
  if (const auto at = field.value.find(kTolerance); at != std::string::npos && !field.quoted) {
    field.tolerance = std::stod(field.value.substr(at + kTolerance.size()));
    field.value.resize(at);
  }
  return field;
}

std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  while (line.ends_with(' ') || line.ends_with('\r')) line.pop_back();
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string parse_line(std::string_view rest, Step& step) {
  auto word = next_word(rest);
  if (word->text == "at") {
    word = next_word(rest);
    if (!word) return "'at' needs a time";
    step.relative = word->text.starts_with('+');
    step.at = parse_duration(std::string_view(word->text).substr(step.relative ? 1 : 0));
    if (!step.at) return "'" + word->text + "' is no time";
    word = next_word(rest);
    if (!word) return "nothing happens at that time";
  }
  step.verb = word->text;
  if (std::find(kVerbs.begin(), kVerbs.end(), step.verb) == kVerbs.end()) {
    return "'" + step.verb + "' is not known here";
  }
  if (step.verb == "raw") {
    step.json = trimmed(rest);
    return {};
  }
  while (true) {
    rest = trimmed(rest);
    if (rest.starts_with('{')) {
      step.json = rest;
      return {};
    }
    word = next_word(rest);
    if (!word) return {};
    if (auto field = as_field(*word)) {
      step.fields.push_back(std::move(*field));
    } else {
      step.words.push_back(std::move(word->text));
    }
  }
}

}  // namespace

std::optional<base::Duration> parse_duration(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "ms") return std::chrono::milliseconds(number);
  if (unit == "s") return std::chrono::seconds(number);
  if (unit == "min") return std::chrono::minutes(number);
  return std::nullopt;
}

Scenario parse_scenario(std::string name, std::string_view text) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.dialects = {"ga", "beta"};
  for (int number = 1; !text.empty(); ++number) {
    const int first_line = number;
    std::string line = take_line(text);
    while (text.starts_with(' ')) {  // indented lines go on
      line += ' ';
      line += trimmed(take_line(text));
      ++number;
    }
    if (line.starts_with("# about:")) scenario.about = trimmed(std::string_view(line).substr(8));
    if (line.starts_with("# extension:")) scenario.extension = true;
    if (line.starts_with("# dialects:")) {
      scenario.dialects = {std::string(trimmed(std::string_view(line).substr(11)))};
    }
    if (line.empty() || line.starts_with('#')) continue;
    Step step;
    step.line = first_line;
    const std::string mistake = parse_line(line, step);
    if (!mistake.empty()) {
      scenario.mistakes.push_back("line " + std::to_string(first_line) + ": " + mistake);
    }
    scenario.steps.push_back(std::move(step));
  }
  if (scenario.about.empty()) scenario.mistakes.emplace_back("line 1: no '# about:'");
  return scenario;
}

}  // namespace parley::tests
