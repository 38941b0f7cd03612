// SPDX-License-Identifier: MIT
#include "turn/noise_reducer.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "tests/audio/counting_new.h"
#include "tests/turn/signals.h"
#include "turn/vad.h"

namespace parley::turn {
namespace {

using namespace test;  // operator+ of its samples

constexpr std::ptrdiff_t kMs = kVadRateHz / 1000;

Samples reduced(NoiseField field, Samples samples) {
  NoiseReducer reducer(field);
  constexpr std::size_t kFrame = NoiseReducer::kFrameSamples;
  for (std::size_t at = 0; at + kFrame <= samples.size(); at += kFrame) {
    reducer.process(std::span(samples).subspan(at, kFrame));
  }
  return samples;
}

double level_of(const Samples& samples, int from_ms, int to_ms) {
  return test::level_dbfs({samples.begin() + from_ms * kMs, samples.begin() + to_ms * kMs});
}

TEST_CASE("steady noise gets quieter, more so from afar") {
  const Samples noise = test::noise(4000, -35);
  const double near_dbfs = level_of(reduced(NoiseField::near, noise), 3000, 4000);
  const double far_dbfs = level_of(reduced(NoiseField::far, noise), 3000, 4000);
  CHECK(near_dbfs < -35 - 10);
  CHECK(far_dbfs < near_dbfs - 3);
}

TEST_CASE("a voice over the noise stays") {
  const Samples room = test::noise(4000, -45);
  const Samples talk = test::silence(3000) + test::voice(1000, -20);
  const Samples out = reduced(NoiseField::near, test::mixed(room, talk));
  CHECK(level_of(out, 3200, 4000) == doctest::Approx(-20).epsilon(0.1));
  CHECK(level_of(out, 2000, 3000) < -52);
}

TEST_CASE("silence stays silence") {
  CHECK(test::level_dbfs(reduced(NoiseField::far, test::silence(1000))) < -95);
}

TEST_CASE("the reducer holds sound back by no more than its frame") {
  constexpr int kStepMs = 500;
  const Samples out = reduced(NoiseField::near, test::silence(kStepMs) + test::sine(500, 440, -20));
  CHECK(level_of(out, kStepMs + 20, kStepMs + 60) > -26);
  CHECK(level_of(out, kStepMs - 40, kStepMs) < -60);
}

TEST_CASE("noise reduction allocates nothing after construction") {
  NoiseReducer reducer(NoiseField::near);
  Samples frame = test::noise(20, -40);
  const std::int64_t before = test::allocation_count();
  for (int i = 0; i < 50; ++i) {
    reducer.process(frame);
  }
  CHECK(test::allocation_count() == before);
}

TEST_CASE("a frame of another length is the caller's mistake") {
  NoiseReducer reducer(NoiseField::near);
  Samples frame(160);
  CHECK_THROWS_AS(reducer.process(frame), base::InvariantBroken);
}

}  // namespace
}  // namespace parley::turn
