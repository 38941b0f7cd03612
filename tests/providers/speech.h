// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "providers/embedded/flite_tts.h"
#include "providers/embedded/pocketsphinx_stt.h"
#include "tests/providers/test_executor.h"

// Running one job of a real engine to its end, for the tests.
namespace parley::tests {

struct Spoken {
  std::vector<std::int16_t> samples;
  int rate_hz = 0;
  std::vector<engine::WordTime> words;
  bool words_first = true;  // the words came before any sound
  std::optional<engine::Failure> failure;
};
Spoken speak(engine::TtsEngine& voice, TestExecutor& loop, engine::TtsRequest request);

// One utterance on its way; several may run at once.
struct Hearing {
  std::unique_ptr<engine::SttJob> job;
  std::vector<std::string> partials;
  std::optional<std::string> text;
  std::optional<engine::Failure> failure;
  bool over() const { return text || failure; }
};
// The job's events land in `hearing`, which must stay where it is.
void begin(Hearing& hearing, engine::SttEngine& ear, TestExecutor& loop);
void hear_all(Hearing& hearing, const std::vector<std::int16_t>& samples);  // and finish()

// A recorded prompt, 16 kHz.
std::vector<std::int16_t> recorded(const std::string& name);
// How many of the words of `expected` are in `text`, of all of them: 0..1.
double share_of_words(const std::string& expected, const std::string& text);

}  // namespace parley::tests
