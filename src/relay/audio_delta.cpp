// SPDX-License-Identifier: MIT
#include "relay/audio_delta.h"

#include <algorithm>

namespace parley::relay {
namespace {

bool is_special(char c) {
  const auto byte = static_cast<signed char>(c);
  return byte < 0x20 || c == '\\';  // as signed, 0x80..0xFF are below 0x20 too
}

// In blocks of a constant size without an early exit, which compilers turn into vector code.
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

  bool at_string() {
    skip_space();
    return rest_.starts_with('"');
  }

  std::optional<std::string_view> take_string() {
    if (!take('"')) return std::nullopt;
    const std::size_t length = rest_.find('"');
    if (length == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(0, length);
    if (!is_plain(text)) return std::nullopt;
    rest_.remove_prefix(length + 1);
    return text;
  }

  // 0, or digits that do not begin with 0.
  bool take_whole_number() {
    skip_space();
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0 || (digits > 1 && rest_.front() == '0')) return false;
    rest_.remove_prefix(digits);
    return true;
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  std::string_view rest_;
};

bool is_audio_delta(std::string_view type) {
  return type == "response.output_audio.delta" || type == "response.audio.delta";
}

bool scan_members(Scanner& scanner, AudioDelta& found) {
  if (!scanner.take('{')) return false;
  do {
    const auto key = scanner.take_string();
    if (!key || !scanner.take(':')) return false;
    std::optional<std::string_view> text;
    if (scanner.at_string()) {
      text = scanner.take_string();
      if (!text) return false;
    } else if (!scanner.take_whole_number()) {
      return false;
    }
    std::string_view* slot = nullptr;
    if (*key == "type") slot = &found.type;
    if (*key == "delta") slot = &found.audio_base64;
    if (slot == nullptr) continue;
    if (!text || !slot->empty()) return false;
    *slot = *text;
    if (slot == &found.type && !is_audio_delta(*text)) return false;
  } while (scanner.take(','));
  return scanner.take('}') && scanner.at_end();
}

}  // namespace

std::optional<AudioDelta> scan_audio_delta(std::string_view frame) {
  Scanner scanner(frame);
  AudioDelta found;
  if (!scan_members(scanner, found) || found.type.empty()) return std::nullopt;
  return found;
}

}  // namespace parley::relay
