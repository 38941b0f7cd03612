// SPDX-License-Identifier: MIT
// Flite and eSpeak NG, the real ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "providers/embedded/espeak_tts.h"
#include "providers/embedded/speakable.h"
#include "tests/providers/speech.h"

namespace parley::tests {
namespace {

using namespace providers::embedded;

double seconds(const Spoken& spoken) {
  return static_cast<double>(spoken.samples.size()) / spoken.rate_hz;
}

double loudness(const Spoken& spoken) {
  double sum = 0;
  for (const auto sample : spoken.samples) sum += static_cast<double>(sample) * sample;
  return std::sqrt(sum / static_cast<double>(spoken.samples.size()));
}

struct Fixture {
  WorkerPool pool{2};
  std::unique_ptr<engine::TtsEngine> flite = make_flite({}, pool);
  TestExecutor loop;
};

TEST_CASE("every voice name speaks, and so does an unknown one") {
  Fixture fixture;
  auto names = fixture.flite->voices();
  CHECK(names.size() >= 14);
  names.emplace_back("nobody");
  for (const auto& name : names) {
    CAPTURE(name);
    const auto spoken = speak(*fixture.flite, fixture.loop, {"Hello there.", name, 1.0});
    CHECK(spoken.rate_hz == 16000);
    CHECK(seconds(spoken) > 0.4);
    CHECK(seconds(spoken) < 3);
    CHECK(loudness(spoken) > 200);
  }
}

TEST_CASE("words come before the sound, ascend, and cover the text") {
  Fixture fixture;
  const std::string text = "Well, it is 21 degrees in **Rome**.";
  const auto spoken = speak(*fixture.flite, fixture.loop, {text, "alloy", 1.0});
  CHECK(spoken.words_first);
  REQUIRE(spoken.words.size() == 8);  // 21 is two words of one place
  int end_ms = 0;
  int text_begin = 0;
  for (const auto& word : spoken.words) {
    CHECK(word.start_ms >= end_ms);
    CHECK(word.end_ms >= word.start_ms);
    CHECK(word.text_begin >= text_begin);
    end_ms = word.end_ms;
    text_begin = word.text_begin;
  }
  CHECK(text.substr(static_cast<std::size_t>(spoken.words.back().text_begin), 4) == "Rome");
  CHECK(end_ms <= seconds(spoken) * 1000 + 1);
}

TEST_CASE("a voice begins at once, without the silence that Flite puts before it") {
  Fixture fixture;
  for (const char* name : {"slt", "rms", "awb", "kal16"}) {
    CAPTURE(name);
    const auto spoken = speak(*fixture.flite, fixture.loop, {"Hello there.", name, 1.0});
    const auto onset = std::find_if(spoken.samples.begin(), spoken.samples.end(),
                                    [](std::int16_t sample) { return std::abs(sample) > 150; });
    CHECK(onset - spoken.samples.begin() <= 320);  // 20 ms
    REQUIRE_FALSE(spoken.words.empty());
    CHECK(spoken.words.back().end_ms <= seconds(spoken) * 1000);
  }
}

TEST_CASE("speed stretches and squeezes") {
  Fixture fixture;
  const auto at = [&](double speed) {
    return seconds(speak(*fixture.flite, fixture.loop,
                         {"This sentence is said at several speeds.", "alloy", speed}));
  };
  const double usual = at(1.0);
  CHECK(at(1.5) == doctest::Approx(usual / 1.5).epsilon(0.15));
  CHECK(at(0.5) == doctest::Approx(usual * 2).epsilon(0.15));
}

TEST_CASE("text with nothing to say makes no sound and no trouble") {
  Fixture fixture;
  for (const char* text : {"", " ", "...", "**", "\U0001F600", "\u4f60\u597d"}) {
    CAPTURE(text);
    const auto spoken = speak(*fixture.flite, fixture.loop, {text, "alloy", 1.0});
    CHECK(spoken.samples.empty());
    CHECK_FALSE(spoken.failure);
  }
}

TEST_CASE("nothing is heard of a voice after its job is gone") {
  Fixture fixture;
  int events = 0;
  auto job = fixture.flite->start({std::string(1500, 'a') + " long text", "alloy", 1.0},
                                  fixture.loop, [&](const engine::TtsEvent&) { ++events; });
  job.reset();
  // Another job ends after it on the same threads.
  speak(*fixture.flite, fixture.loop, {"Hello.", "alloy", 1.0});
  CHECK(events == 0);
}

TEST_CASE("voices at the same time do not mix") {
  Fixture fixture;
  const std::string texts[] = {"One.", "One two three four five six seven."};
  double alone[2];
  for (int i = 0; i < 2; ++i) {
    alone[i] = seconds(speak(*fixture.flite, fixture.loop, {texts[i], "rms", 1.0}));
  }
  std::size_t samples[8] = {};
  int done = 0;
  std::vector<std::unique_ptr<engine::TtsJob>> jobs;
  for (int i = 0; i < 8; ++i) {
    jobs.push_back(fixture.flite->start({texts[i % 2], "rms", 1.0}, fixture.loop,
                                        [&, i](const engine::TtsEvent& event) {
                                          if (auto* a = std::get_if<engine::TtsAudio>(&event)) {
                                            samples[i] += a->samples.size();
                                          }
                                          done += std::holds_alternative<engine::TtsDone>(event);
                                        }));
  }
  REQUIRE(fixture.loop.wait_for([&] { return done == 8; }));
  for (int i = 0; i < 8; ++i) {
    CHECK(static_cast<double>(samples[i]) / 16000 == doctest::Approx(alone[i % 2]).epsilon(0.01));
  }
}

TEST_CASE("what is not to be read aloud becomes space, and offsets stay") {
  CHECK(speakable("a **b** `c`\n") == "a   b    c  ");
  CHECK(speakable("it\u2019s").size() == std::string("it\u2019s").size());
  CHECK(speakable("it\u2019s").starts_with("it'"));
  CHECK(without_marks("# Gr\u00fc\u00dfe").substr(2) == "Gr\u00fc\u00dfe");
  CHECK(has_words("7"));
  CHECK_FALSE(has_words("?!"));
}

TEST_CASE("eSpeak NG speaks through its own process, in other languages too") {
  WorkerPool pool(2);
  TestExecutor loop;
  const auto espeak = make_espeak({}, pool);
  REQUIRE(espeak.has_value());
  const auto english = speak(**espeak, loop, {"Hello there, how are you?", "alloy", 1.0});
  CHECK(english.rate_hz == 22050);
  CHECK(seconds(english) > 0.7);
  CHECK(loudness(english) > 200);
  CHECK(seconds(speak(**espeak, loop, {"Guten Tag.", "de", 1.0})) > 0.4);
}

TEST_CASE("a missing eSpeak NG is an error that names its package") {
  WorkerPool pool(1);
  const auto missing = make_espeak({.voice = "en", .program = "no-such-voice"}, pool);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().message.find("espeak-ng") != std::string::npos);
}

}  // namespace
}  // namespace parley::tests
