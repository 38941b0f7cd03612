// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// JSON text by appending to a string: no document is built, so an audio delta costs its bytes.
namespace parley::protocol::json {

// Appends `text` quoted and escaped. What is not UTF-8 becomes U+FFFD: a WebSocket text frame must
// be UTF-8 (RFC 6455 §8.1) and browsers drop the connection over a stray byte.
void append_string(std::string_view text, std::string& out);
void append_integer(std::int64_t value, std::string& out);
void append_number(double value, std::string& out);  // finite; the shortest digits that read back

// Writes one JSON value into the end of `out`, which must outlive it. Commas are set by looking at
// the last character, so calls follow the shape of the document:
//
//   Writer w(out);
//   w.begin_object();
//   w.string("type", "error");
//   w.begin_object("error");
//   w.null("code");
//   w.end_object();
//   w.end_object();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out), start_(out.size()) {}

  void begin_object();
  void begin_object(std::string_view key);
  void end_object() { out_ += '}'; }
  void begin_array(std::string_view key);
  void end_array() { out_ += ']'; }

  void string(std::string_view key, std::string_view value);
  void string_or_null(std::string_view key, const std::optional<std::string>& value);
  void integer(std::string_view key, std::int64_t value);
  void number(std::string_view key, double value);
  void boolean(std::string_view key, bool value);
  void null(std::string_view key);
  void raw(std::string_view key, std::string_view json_text);  // trusted to be JSON

  void string_element(std::string_view value);  // of an array
  void integer_element(std::int64_t value);     // of an array

  // Starts `key`'s value and hands out the buffer, for what writes itself (base64).
  std::string& value_of(std::string_view key);

 private:
  void separate();
  void key(std::string_view key);

  std::string& out_;
  std::size_t start_;
};

}  // namespace parley::protocol::json
