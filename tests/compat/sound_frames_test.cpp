// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/sound_frames.h"

#include <doctest/doctest.h>

#include <string>

namespace parley::compat {
namespace {

// A message of `count` samples that all have one value.
std::string message(std::uint32_t time, int count, std::int16_t value = 100) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(time >> shift & 0xff);
  out += std::string(4, '\0');
  for (int i = 0; i < count; ++i) {
    out += static_cast<char>(value & 0xff);
    out += static_cast<char>(value >> 8);
  }
  return out;
}

// Messages that arrive as their own time says.
const std::vector<std::int16_t>* take(SoundFrames& frames, std::uint32_t time, int count) {
  return frames.take(message(time, count), {std::chrono::milliseconds(time)});
}

TEST_CASE("row 14: a message without sound is nothing, an odd last byte is cut") {
  SoundFrames frames(16000);
  CHECK(frames.take("", {}) == nullptr);
  CHECK(frames.take(std::string(9, '\0'), {}) == nullptr);
  CHECK(frames.take(message(0, 3) + "x", {})->size() == 3);
}

TEST_CASE("row 15: holes are filled up to the clock of the messages") {
  for (const int count : {341, 372}) {
    SoundFrames frames(16000);
    std::size_t heard = 0;
    for (std::uint32_t time = 1000; time < 3000; time += 40) {
      // All at once: their own time counts, not their arrival.
      heard += frames.take(message(time, count), {})->size();
    }
    CHECK(heard == doctest::Approx(16000 * 2).epsilon(0.02));
    const auto* next = frames.take(message(3000, count), {});
    CHECK(next->size() == 640);
    CHECK(next->front() == 100);  // the voice goes on
  }
}

TEST_CASE("row 15: where the messages have no clock, their arrival counts") {
  for (const std::uint32_t tick : {0U, 1U, 40'000U}) {  // none, a count, microseconds
    SoundFrames frames(16000);
    std::size_t heard = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
      heard += frames.take(message(i * tick, 341), {std::chrono::milliseconds(40 * i)})->size();
    }
    CHECK(heard == doctest::Approx(16000 * 2).epsilon(0.02));
  }
}

TEST_CASE("row 15: holes are filled once, however unevenly the messages are stamped") {
  SoundFrames frames(16000);
  std::size_t heard = 0;
  std::uint32_t time = 0;
  for (int i = 0; i < 100; ++i) {
    time += i % 2 == 0 ? 70 : 10;
    heard += take(frames, time, 341)->size();
  }
  CHECK(heard == doctest::Approx(16000 * 4).epsilon(0.02));
}

TEST_CASE("a whole stream is left as it is, however unevenly it comes") {
  SoundFrames frames(16000);
  for (const std::uint32_t time : {0U, 41U, 79U, 121U, 160U, 330U, 331U, 331U, 331U, 360U, 400U}) {
    CHECK(take(frames, time, 640)->size() == 640);
  }
  // A file sent as fast as it goes, without a clock.
  SoundFrames file(16000);
  for (int i = 0; i < 100; ++i) CHECK(file.take(message(0, 640), {})->size() == 640);
}

TEST_CASE("a clock that is a little fast adds nothing to a whole stream") {
  SoundFrames frames(16000);
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    REQUIRE(take(frames, i * 40 + i / 25, 640)->size() == 640);  // a thousandth
  }
}

TEST_CASE("a long hole is silence, a pause of the stream is none") {
  SoundFrames frames(16000);
  take(frames, 0, 640);
  const auto* after = take(frames, 500, 640);
  CHECK(after->size() == doctest::Approx(500 * 16).epsilon(0.02));
  CHECK(after->at(2000) == 0);
  CHECK(take(frames, 60'000, 640)->size() == 640);
}

TEST_CASE("the clock wraps around, and one that runs backwards is not believed") {
  SoundFrames frames(16000);
  std::size_t heard = 0;
  for (std::uint32_t i = 0; i < 50; ++i) {
    heard += frames.take(message(0xfffffe00U + 40 * i, 341), {})->size();
  }
  CHECK(heard == doctest::Approx(16000 * 2).epsilon(0.02));
  CHECK(frames.take(message(5, 341), {})->size() == 341);
  frames.reset();
  CHECK(frames.take(message(400, 341), {})->size() == 341);
}

}  // namespace
}  // namespace parley::compat
