// SPDX-License-Identifier: MIT
// Goal: the judge's accuracy has a floor. completeness_set.txt has a label, a language and what a
// recogniser had at a pause per line; the rules were written with the odd lines in view, the even
// lines (the held-out half) decide.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "audio/wav.h"
#include "turn/completeness.h"
#include "turn/vad.h"

namespace parley::turn {
namespace {

struct Line {
  bool done;
  std::string language;
  std::string words;
  bool held_out;
};

std::vector<Line> labelled_lines() {
  std::ifstream file(PARLEY_COMPLETENESS_SET);
  REQUIRE(file.good());
  std::vector<Line> lines;
  for (std::string line; std::getline(file, line);) {
    REQUIRE(line.size() > 8);
    const auto bar = line.find('|', 5);
    lines.push_back(
        {line.starts_with("done"), line.substr(5, bar - 5), line.substr(bar + 1), false});
    lines.back().held_out = lines.size() % 2 == 0;
  }
  return lines;
}

struct Score {
  int right[2] = {0, 0};
  int count[2] = {0, 0};
  double balanced() const {
    double sum = 0;
    int labels = 0;
    for (int label = 0; label < 2; ++label) {
      if (count[label] == 0) continue;
      sum += static_cast<double>(right[label]) / count[label];
      ++labels;
    }
    return labels > 0 ? sum / labels : 0;
  }
};

double judged(const std::string& words, const std::string& language) {
  return make_completeness_judge()->completeness({words, language, {}});
}

TEST_CASE("the judge knows whole sentences from open ones") {
  const auto lines = labelled_lines();
  REQUIRE(lines.size() >= 250);
  std::map<std::string, Score> held_out;
  std::map<std::string, Score> seen;
  for (const auto& line : lines) {
    const bool done = judged(line.words, line.language) > 0.5;
    auto& score = (line.held_out ? held_out : seen)[line.language];
    ++score.count[line.done];
    score.right[line.done] += done == line.done;
    if (done != line.done) {
      std::printf("  wrong: %s|%s|%s%s\n", line.done ? "done" : "open", line.language.c_str(),
                  line.words.c_str(), line.held_out ? " (held out)" : "");
    }
  }
  std::printf("language  done        open        balanced  (held out)   odd lines\n");
  for (const auto& [language, score] : held_out) {
    std::printf("%-8s  %3d of %3d  %3d of %3d  %.3f                  %.3f\n", language.c_str(),
                score.right[1], score.count[1], score.right[0], score.count[0], score.balanced(),
                seen[language].balanced());
  }
  CHECK(held_out["en"].balanced() >= 0.9);
  for (const auto& [language, score] : held_out) {
    CAPTURE(language);
    CHECK(score.balanced() >= 0.8);
  }
}

TEST_CASE("nothing known is a verdict of nothing") {
  CHECK(judged("", "") == doctest::Approx(0.5));
  CHECK(judged("tere hommikust", "et") == doctest::Approx(0.5));
  CHECK(judged("tere hommikust.", "et") > 0.9);
}

std::vector<std::int16_t> voice(double seconds, double from_hz, double to_hz, double fade) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * kVadRateHz));
  double phase = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(samples.size());
    phase += 2 * 3.14159265358979 * (from_hz + (to_hz - from_hz) * at) / kVadRateHz;
    double sum = 0;
    for (int harmonic = 1; harmonic <= 5; ++harmonic) sum += std::sin(harmonic * phase) / harmonic;
    samples[i] = static_cast<std::int16_t>(4000 * (1 - fade * at) * sum);
  }
  return samples;
}

TEST_CASE("where words say nothing, a falling voice has finished and a held one has not") {
  const auto judge = make_completeness_judge();
  const auto falling = voice(0.6, 180, 110, 0.8);
  const auto held = voice(0.8, 120, 120, 0);
  CHECK(judge->completeness({"", "", falling}) > 0.6);
  CHECK(judge->completeness({"", "", held}) < 0.3);
}

TEST_CASE("clear words are not overruled by the voice") {
  const auto judge = make_completeness_judge();
  CHECK(judge->completeness({"i want to", "en", voice(0.6, 180, 110, 0.8)}) < 0.35);
  CHECK(judge->completeness({"what time is it", "en", voice(0.8, 120, 120, 0)}) > 0.6);
}

TEST_CASE("any voice gets a verdict between nothing and certainty") {
  const auto judge = make_completeness_judge();
  for (const std::size_t length : {0, 1, 639, 640, 5000, 24000}) {
    std::vector<std::int16_t> loudest(length, 32767);
    const double verdict = judge->completeness({"", "", loudest});
    CHECK(verdict >= 0);
    CHECK(verdict <= 1);
  }
}

TEST_CASE("recorded prompts sound more finished whole than cut in the middle") {
  const char* directory = std::getenv("PARLEY_TEST_SPEECH_DIR");
  if (directory == nullptr) return;
  const auto judge = make_completeness_judge();
  double whole_sum = 0;
  double cut_sum = 0;
  for (const std::string name : {"vm-nobodyavail", "conf-onlyperson", "queue-thankyou",
                                 "tt-weasels", "tt-somethingwrong", "privacy-prompt"}) {
    std::ifstream file(std::string(directory) + "/" + name + ".wav", std::ios::binary);
    const auto wav = audio::parse_wav(std::string{std::istreambuf_iterator<char>(file), {}});
    REQUIRE(wav.has_value());
    std::span<const std::int16_t> all = wav->samples;
    while (all.size() > 160 && std::abs(all.back()) < 300) all = all.first(all.size() - 1);
    const auto tail = [](std::span<const std::int16_t> part) {
      return part.last(std::min<std::size_t>(part.size(), kVoiceSamplesMax));
    };
    const double whole = judge->completeness({"", "", tail(all)});
    double cut = 0;
    for (const int percent : {40, 50, 60}) {
      cut += judge->completeness({"", "", tail(all.first(all.size() * percent / 100))}) / 3;
    }
    std::printf("%-18s whole %.2f  cut %.2f\n", name.c_str(), whole, cut);
    whole_sum += whole;
    cut_sum += cut;
  }
  CHECK(whole_sum > cut_sum);
}

}  // namespace
}  // namespace parley::turn
