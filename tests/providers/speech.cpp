// SPDX-License-Identifier: MIT
#include "tests/providers/speech.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "audio/wav.h"

namespace parley::tests {

Spoken speak(engine::TtsEngine& voice, TestExecutor& loop, engine::TtsRequest request) {
  Spoken spoken;
  bool done = false;
  const auto job = voice.start(std::move(request), loop, [&](engine::TtsEvent event) {
    if (auto* audio = std::get_if<engine::TtsAudio>(&event)) {
      spoken.rate_hz = audio->rate_hz;
      spoken.samples.insert(spoken.samples.end(), audio->samples.begin(), audio->samples.end());
    } else if (auto* words = std::get_if<engine::TtsWords>(&event)) {
      spoken.words_first = spoken.samples.empty();
      spoken.words = std::move(words->words);
    } else {
      if (auto* failure = std::get_if<engine::Failure>(&event)) spoken.failure = *failure;
      done = true;
    }
  });
  REQUIRE(loop.wait_for([&] { return done; }));
  return spoken;
}

void begin(Hearing& hearing, engine::SttEngine& ear, TestExecutor& loop) {
  hearing.job = ear.start({}, loop, [&hearing](engine::SttEvent event) {
    CHECK_FALSE(hearing.over());  // nothing comes after the last event
    if (auto* partial = std::get_if<engine::SttPartial>(&event)) {
      hearing.partials.push_back(partial->text);
    } else if (auto* final = std::get_if<engine::SttFinal>(&event)) {
      hearing.text = final->text;
    } else {
      hearing.failure = std::get<engine::Failure>(event);
    }
  });
}

void hear_all(Hearing& hearing, const std::vector<std::int16_t>& samples) {
  constexpr std::size_t kFrame = 320;
  for (std::size_t i = 0; i < samples.size(); i += kFrame) {
    hearing.job->push(std::span(samples).subspan(i, std::min(kFrame, samples.size() - i)));
  }
  hearing.job->finish();
}

std::vector<std::int16_t> recorded(const std::string& name) {
  const char* folder = std::getenv("PARLEY_TEST_SPEECH_DIR");
  REQUIRE(folder != nullptr);
  std::ifstream file(std::string(folder) + "/" + name + ".wav", std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  auto wav = audio::parse_wav(bytes.str());
  REQUIRE(wav.has_value());
  REQUIRE(wav->rate_hz == 16000);
  return wav->samples;
}

double share_of_words(const std::string& expected, const std::string& text) {
  const auto words = [](std::string line) {
    std::transform(line.begin(), line.end(), line.begin(),
                   [](unsigned char c) { return std::isalpha(c) ? std::tolower(c) : ' '; });
    std::istringstream stream(line);
    return std::vector<std::string>(std::istream_iterator<std::string>(stream), {});
  };
  const auto heard = words(text);
  const auto wanted = words(expected);
  const auto found = std::count_if(wanted.begin(), wanted.end(), [&](const std::string& word) {
    return std::find(heard.begin(), heard.end(), word) != heard.end();
  });
  return static_cast<double>(found) / static_cast<double>(wanted.size());
}

}  // namespace parley::tests
