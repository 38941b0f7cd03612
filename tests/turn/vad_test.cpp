// SPDX-License-Identifier: MIT
// What each detector calls speech, frame by frame, on sounds made for the purpose.
#include "turn/vad.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "base/assert.h"
#include "tests/audio/counting_new.h"
#include "tests/turn/signals.h"

namespace parley::turn {
namespace {

using namespace test;  // operator+ of its samples

const VadOptions kAllDetectors[] = {
    {.kind = VadKind::energy},
    {.kind = VadKind::webrtc, .aggressiveness = 0},
    {.kind = VadKind::webrtc, .aggressiveness = 1},
    {.kind = VadKind::webrtc, .aggressiveness = 2},
    {.kind = VadKind::webrtc, .aggressiveness = 3},
};

std::vector<float> probabilities(Vad& vad, const Samples& samples) {
  const auto frame = static_cast<std::size_t>(vad.frame_samples());
  std::vector<float> result;
  for (std::size_t at = 0; at + frame <= samples.size(); at += frame) {
    result.push_back(vad.analyse(std::span(samples).subspan(at, frame)));
  }
  return result;
}

// The share of the frames that count as speech at the default threshold.
double speech_share(const std::vector<float>& frames) {
  return static_cast<double>(std::ranges::count_if(frames, [](float p) { return p >= 0.5F; })) /
         static_cast<double>(frames.size());
}

double speech_share(Vad& vad, const Samples& samples) {
  return speech_share(probabilities(vad, samples));
}

TEST_CASE("a frame is 10 to 30 ms and its length does not change") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    const int frame = vad->frame_samples();
    CHECK(frame >= kVadRateHz / 100);
    CHECK(frame <= kVadRateHz * 3 / 100);
    probabilities(*vad, test::noise(100, -30));
    CHECK(vad->frame_samples() == frame);
  }
}

TEST_CASE("silence, faint noise and a constant offset are never speech") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    Samples offset(16000, 12000);
    for (const Samples& sound : {test::silence(1000), test::noise(3000, -60), offset,
                                 test::silence(1000), test::voice(1000, -65)}) {
      for (const float p : probabilities(*vad, sound)) {
        REQUIRE(p < 0.5F);
      }
    }
    // The step back from the offset is a click; after it all is as before.
    CHECK(speech_share(*vad, test::silence(1000)) == 0);
  }
}

TEST_CASE("a voice over quiet noise is speech, and the pause after it is not") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    CAPTURE(static_cast<int>(options.kind));
    CAPTURE(options.aggressiveness);
    CHECK(speech_share(*vad, test::noise(1000, -60)) == 0);
    CHECK(speech_share(*vad, test::voice(1000, -25)) > 0.8);
    CHECK(speech_share(*vad, test::noise(1000, -60)) < 0.1);
    CHECK(speech_share(*vad, test::voice(1000, -25)) > 0.8);
  }
}

TEST_CASE("a voice from the first sample on is heard") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    CHECK(speech_share(*vad, test::voice(500, -25)) > 0.7);
  }
}

TEST_CASE("steady noise that comes on becomes background within ten seconds") {
  for (const VadOptions& options : kAllDetectors) {
    for (const double level_dbfs : {-50.0, -40.0, -30.0}) {
      const auto vad = make_vad(options);
      CAPTURE(static_cast<int>(options.kind));
      CAPTURE(level_dbfs);
      probabilities(*vad, test::silence(1000));
      probabilities(*vad, test::noise(14000, level_dbfs));
      CHECK(speech_share(*vad, test::noise(1000, level_dbfs)) < 0.05);
    }
  }
}

TEST_CASE("a voice is still heard after steady noise became background") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    const Samples room = test::noise(6000, -45);
    probabilities(*vad, room);
    Samples talking = test::mixed(test::noise(1000, -45), test::voice(1000, -22));
    CAPTURE(static_cast<int>(options.kind));
    CAPTURE(options.aggressiveness);
    CHECK(speech_share(*vad, talking) > 0.7);
    CHECK(speech_share(*vad, test::noise(1000, -45)) < 0.1);
  }
}

TEST_CASE("the energy detector's probability grows with the level and reaches both ends") {
  const auto vad = make_vad({.kind = VadKind::energy});
  probabilities(*vad, test::noise(6000, -45));
  float previous = -1;
  for (const double level_dbfs : {-45.0, -41.0, -39.0, -37.0, -33.0, -30.0}) {
    const float p = vad->analyse(test::sine(10, 1000, level_dbfs));
    CHECK(p >= previous);
    previous = p;
  }
  CHECK(vad->analyse(test::sine(10, 1000, -20)) == 1);
  CHECK(vad->analyse(test::noise(10, -48)) == 0);
}

TEST_CASE("a higher aggressiveness calls no more sound speech") {
  const Samples sound = test::mixed(test::noise(4000, -32), test::voice(4000, -27));
  double previous = 1;
  for (int aggressiveness = 0; aggressiveness <= 3; ++aggressiveness) {
    const auto vad = make_vad({.kind = VadKind::webrtc, .aggressiveness = aggressiveness});
    const double share = speech_share(*vad, sound);
    CHECK(share <= previous + 0.02);
    previous = share;
  }
}

TEST_CASE("a click is not made longer than itself and the smoothing") {
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    probabilities(*vad, test::noise(1000, -60));
    const auto frames = probabilities(*vad, test::mixed(test::click(1000), test::noise(1000, -60)));
    CHECK(std::ranges::count_if(frames, [](float p) { return p >= 0.5F; }) <= 2);
  }
}

TEST_CASE("after reset a detector is as newly made") {
  const Samples sound = test::noise(500, -50) + test::voice(700, -25) + test::noise(500, -50);
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    const auto first = probabilities(*vad, sound);
    probabilities(*vad, test::noise(777, -20));
    vad->reset();
    CHECK(probabilities(*vad, sound) == first);
  }
}

TEST_CASE("detectors allocate nothing after construction") {
  const Samples sound = test::voice(10, -25);
  for (const VadOptions& options : kAllDetectors) {
    const auto vad = make_vad(options);
    const std::int64_t before = test::allocation_count();
    for (int i = 0; i < 100; ++i) {
      vad->analyse(sound);
    }
    vad->reset();
    CHECK(test::allocation_count() == before);
  }
}

TEST_CASE("a wrong frame length or aggressiveness is the caller's mistake") {
  for (const VadOptions& options : kAllDetectors) {
    CHECK_THROWS_AS(make_vad(options)->analyse(Samples(159)), base::InvariantBroken);
  }
  CHECK_THROWS_AS(make_vad({.kind = VadKind::webrtc, .aggressiveness = 4}), base::InvariantBroken);
}

}  // namespace
}  // namespace parley::turn
