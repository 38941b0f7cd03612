// SPDX-License-Identifier: MIT
#include "protocol/json/append_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "protocol/json/read_client_event.h"

namespace parley::protocol::json {
namespace {

bool is_special(char c) {
  const auto byte = static_cast<signed char>(c);
  return byte < 0x20 || c == '\\';  // as signed, 0x80..0xFF are below 0x20 too
}

// Whether no character needs the full parser: no escape, no control character, nothing beyond
// ASCII. In blocks of a constant size without an early exit, which compilers turn into vector code.
bool is_plain(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  while (text.size() >= kBlock) {
    unsigned special = 0;
    for (std::size_t i = 0; i < kBlock; ++i) special |= is_special(text[i]) ? 1U : 0U;
    if (special != 0) return false;
    text.remove_prefix(kBlock);
  }
  return std::ranges::none_of(text, is_special);
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(char expected) {
    skip_space();
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A string whose text is its value; nothing when it has escapes or other oddities.
  std::optional<std::string_view> take_string() {
    if (!take('"')) return std::nullopt;
    const void* quote = std::memchr(rest_.data(), '"', rest_.size());
    if (quote == nullptr) return std::nullopt;
    const auto length = static_cast<std::size_t>(static_cast<const char*>(quote) - rest_.data());
    const std::string_view text = rest_.substr(0, length);
    if (!is_plain(text)) return std::nullopt;
    rest_.remove_prefix(length + 1);
    return text;
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' ||
                              rest_.front() == '\r' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

struct Fields {
  std::optional<std::string_view> type;
  std::optional<std::string_view> audio;
  std::optional<std::string_view> event_id;

  // The slot for a key that is known and was not there yet.
  std::optional<std::string_view>* vacant(std::string_view key) {
    std::optional<std::string_view>* slot = nullptr;
    if (key == "type") slot = &type;
    if (key == "audio") slot = &audio;
    if (key == "event_id") slot = &event_id;
    return slot != nullptr && !*slot ? slot : nullptr;
  }
};

bool scan_fields(Scanner& scanner, Fields& fields) {
  if (!scanner.take('{')) return false;
  do {
    const auto key = scanner.take_string();
    if (!key || !scanner.take(':')) return false;
    auto* slot = fields.vacant(*key);
    if (slot == nullptr) return false;
    *slot = scanner.take_string();
    if (!*slot) return false;
    if (fields.type && *fields.type != "input_audio_buffer.append") return false;
  } while (scanner.take(','));
  return scanner.take('}') && scanner.at_end();
}

}  // namespace

std::optional<ScannedAppend> scan_append(std::string_view frame) {
  Scanner scanner(frame);
  Fields fields;
  if (!scan_fields(scanner, fields) || !fields.type || !fields.audio) return std::nullopt;
  const std::string_view event_id = fields.event_id.value_or(std::string_view());
  if (event_id.size() > kEventIdLengthMax) return std::nullopt;
  return ScannedAppend{event_id, *fields.audio};
}

}  // namespace parley::protocol::json
