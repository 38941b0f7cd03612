// SPDX-License-Identifier: MIT
#include "protocol/json/writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/assert.h"

namespace parley::protocol::json {
namespace {

bool needs_no_escape(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

void append_escaped_ascii(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 0xF];
}

// The length of the well-formed UTF-8 sequence that `text` begins with, 0 when it begins with none.
// Unicode 15, table 3-7: the second byte's range depends on the first, the rest are 80..BF.
std::size_t utf8_sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) second_min = 0xA0;
    if (first == 0xED) second_max = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) second_min = 0x90;
    if (first == 0xF4) second_max = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < second_min || byte(1) > second_max) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

void append_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && needs_no_escape(static_cast<unsigned char>(text[plain]))) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;

    const auto c = static_cast<unsigned char>(text.front());
    if (c < 0x80) {
      append_escaped_ascii(c, out);
      text.remove_prefix(1);
    } else if (const std::size_t length = utf8_sequence_length(text); length != 0) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  out += '"';
}

void append_integer(std::int64_t value, std::string& out) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_number(double value, std::string& out) {
  PARLEY_ASSERT(std::isfinite(value));
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// A value's text never ends in '{', '[' or ':', so these mean that nothing is to be separated.
void Writer::separate() {
  if (out_.size() == start_) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

void Writer::key(std::string_view key) {
  separate();
  out_ += '"';
  out_ += key;
  out_ += "\":";
}

void Writer::begin_object() {
  separate();
  out_ += '{';
}

void Writer::begin_object(std::string_view name) {
  key(name);
  out_ += '{';
}

void Writer::begin_array(std::string_view name) {
  key(name);
  out_ += '[';
}

void Writer::string(std::string_view name, std::string_view value) {
  key(name);
  append_string(value, out_);
}

void Writer::string_or_null(std::string_view name, const std::optional<std::string>& value) {
  if (value) {
    string(name, *value);
  } else {
    null(name);
  }
}

void Writer::integer(std::string_view name, std::int64_t value) {
  key(name);
  append_integer(value, out_);
}

void Writer::number(std::string_view name, double value) {
  key(name);
  append_number(value, out_);
}

void Writer::boolean(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void Writer::null(std::string_view name) {
  key(name);
  out_ += "null";
}

void Writer::raw(std::string_view name, std::string_view json_text) {
  key(name);
  out_ += json_text;
}

void Writer::string_element(std::string_view value) {
  separate();
  append_string(value, out_);
}

void Writer::integer_element(std::int64_t value) {
  separate();
  append_integer(value, out_);
}

std::string& Writer::value_of(std::string_view name) {
  key(name);
  return out_;
}

}  // namespace parley::protocol::json
