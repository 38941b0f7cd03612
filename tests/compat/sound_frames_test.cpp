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

TEST_CASE("row 14: a message without sound is nothing, an odd last byte is cut") {
  SoundFrames frames(16000);
  CHECK(frames.take("") == nullptr);
  CHECK(frames.take(std::string(9, '\0')) == nullptr);
  CHECK(frames.take(message(0, 3) + "x")->size() == 3);
}

TEST_CASE("row 15: holes are filled up to the clock of the messages") {
  SoundFrames frames(16000);
  CHECK(frames.take(message(1000, 341))->size() == 341);
  const auto* second = frames.take(message(1040, 341));
  CHECK(second->size() == 640);   // 299 that were missing, and its own
  CHECK(second->front() == 100);  // the voice goes on
  std::size_t heard = 981;
  for (std::uint32_t time = 1080; time < 3000; time += 40) {
    heard += frames.take(message(time, 341))->size();
  }
  CHECK(heard == doctest::Approx(16000 * 2).epsilon(0.02));
}

TEST_CASE("a whole stream is left as it is, with the jitter of its clock") {
  SoundFrames frames(16000);
  for (const std::uint32_t time : {0U, 41U, 79U, 121U, 160U}) {
    CHECK(frames.take(message(time, 640))->size() == 640);
  }
}

TEST_CASE("a long hole is silence, a pause of the stream is none") {
  SoundFrames frames(16000);
  frames.take(message(0, 640));
  const auto* after = frames.take(message(500, 640));
  CHECK(after->size() == 500 * 16);
  CHECK(after->at(2000) == 0);
  CHECK(frames.take(message(60'000, 640))->size() == 640);
}

TEST_CASE("the clock wraps around, and one that runs backwards is not believed") {
  SoundFrames frames(16000);
  frames.take(message(0xffffffecU, 341));
  CHECK(frames.take(message(20, 341))->size() == 640);
  CHECK(frames.take(message(5, 341))->size() == 341);
  frames.reset();
  CHECK(frames.take(message(400, 341))->size() == 341);
}

}  // namespace
}  // namespace parley::compat
