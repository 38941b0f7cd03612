// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace parley::providers::openai {

// Raw sound (16 bit, little endian, mono) with the words that a service tells beside it, as the
// session takes them: each TtsWords holds all words so far and comes before their sound. When words
// are expected, the first moments of sound wait for them; when none come, the sound goes without,
// and later ones are not told: the session has by then shown the text. Pure; one answer.
class TimedSound {
 public:
  // `text` as it was requested; words of the service's own making are looked up in it.
  TimedSound(std::string text, int rate_hz, bool words_expected)
      : text_(std::move(text)), rate_hz_(rate_hz), words_expected_(words_expected) {}

  // In ms from the answer's first sample. Words that the text does not have are passed over.
  void add_word(std::string_view word, double start_ms, double end_ms);
  // Pieces may end inside a sample.
  void add_sound(std::span<const std::uint8_t> bytes, std::vector<engine::TtsEvent>& out);
  // No more sound will come; what was held back comes now.
  void finish(std::vector<engine::TtsEvent>& out);

  bool heard() const { return heard_; }  // any sound at all
  bool holds_back() const { return !held_.empty(); }

 private:
  void flush(std::vector<engine::TtsEvent>& out);

  const std::string text_;
  const int rate_hz_;
  const bool words_expected_;
  std::size_t text_at_ = 0;  // behind the last word that was found
  std::vector<engine::WordTime> words_;
  bool words_new_ = false;
  bool words_void_ = false;         // sound went out without them
  std::vector<std::uint8_t> half_;  // of a sample
  std::vector<std::int16_t> held_;
  bool heard_ = false;
};

}  // namespace parley::providers::openai
