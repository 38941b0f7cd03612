// SPDX-License-Identifier: MIT
#include "providers/openai/speech_timed.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace parley::providers::openai {

namespace {

// Sound that waits for the first words. Services tell them within the first pieces.
constexpr int kHeldMsMax = 250;
// How far ahead a word is looked for: one that was spoken otherwise ("5" as "five") may come again
// later in the text.
constexpr std::size_t kAheadBytes = 48;
constexpr double kTimeMsMax = 3600.0 * 1000;

bool is_ascii_punctuation(char c) { return std::ispunct(static_cast<unsigned char>(c)) != 0; }

std::string_view without_punctuation(std::string_view word) {
  while (!word.empty() && is_ascii_punctuation(word.front())) word.remove_prefix(1);
  while (!word.empty() && is_ascii_punctuation(word.back())) word.remove_suffix(1);
  return word;
}

bool alike(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

void TimedSound::add_word(std::string_view word, double start_ms, double end_ms) {
  const std::string_view bare = without_punctuation(word);
  if (bare.empty() || words_void_ || !(start_ms >= 0 && end_ms >= start_ms)) return;
  const auto from = text_.begin() + static_cast<std::ptrdiff_t>(text_at_);
  const std::size_t reach = std::min(text_.size() - text_at_, kAheadBytes + bare.size());
  const auto to = from + static_cast<std::ptrdiff_t>(reach);
  const auto found = std::search(from, to, bare.begin(), bare.end(), alike);
  if (found == to) return;
  engine::WordTime time;
  time.text_begin = static_cast<int>(found - text_.begin());
  time.text_end = time.text_begin + static_cast<int>(bare.size());
  time.start_ms = static_cast<int>(std::min(start_ms, kTimeMsMax));
  time.end_ms = static_cast<int>(std::min(end_ms, kTimeMsMax));
  if (!words_.empty()) {
    time.start_ms = std::max(time.start_ms, words_.back().start_ms);
    time.end_ms = std::max(time.end_ms, time.start_ms);
  }
  text_at_ = static_cast<std::size_t>(time.text_end);
  words_.push_back(time);
  words_new_ = true;
}

void TimedSound::add_sound(std::span<const std::uint8_t> bytes,
                           std::vector<engine::TtsEvent>& out) {
  for (const std::uint8_t byte : bytes) {
    if (half_.empty()) {
      half_.push_back(byte);
      continue;
    }
    held_.push_back(static_cast<std::int16_t>(static_cast<std::uint16_t>(half_[0] | byte << 8)));
    half_.clear();
  }
  heard_ = heard_ || !held_.empty();
  const bool waits = words_expected_ && words_.empty() && !words_void_ &&
                     held_.size() * 1000 <= static_cast<std::size_t>(rate_hz_) * kHeldMsMax;
  if (!waits) flush(out);
}

void TimedSound::finish(std::vector<engine::TtsEvent>& out) { flush(out); }

void TimedSound::flush(std::vector<engine::TtsEvent>& out) {
  if (std::exchange(words_new_, false) && !words_void_) out.emplace_back(engine::TtsWords{words_});
  if (held_.empty()) return;
  words_void_ = words_.empty();
  out.emplace_back(engine::TtsAudio{std::exchange(held_, {}), rate_hz_});
}

}  // namespace parley::providers::openai
