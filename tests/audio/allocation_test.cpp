// SPDX-License-Identifier: MIT
// The hot path allocates nothing once warm: everything is done twice, the second time counted.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "audio/base64.h"
#include "audio/codec.h"
#include "audio/resampler.h"
#include "tests/audio/counting_new.h"

namespace parley::audio {
namespace {

template <class Pass>
std::int64_t allocations_of_second(Pass pass) {
  pass();
  const std::int64_t before = test::allocation_count();
  pass();
  return test::allocation_count() - before;
}

TEST_CASE("the counter sees an allocation") {
  CHECK(allocations_of_second([] { std::vector<int>(100).shrink_to_fit(); }) == 1);
}

TEST_CASE("base64 allocates nothing once warm") {
  const std::vector<std::uint8_t> bytes(960, 0x5A);
  std::string text;
  std::vector<std::uint8_t> decoded;
  CHECK(allocations_of_second([&] {
          text.clear();
          base64_encode(bytes, text);
          decoded.clear();
          base64_decode(text, decoded);
          base64_decode("not base64!", decoded);
        }) == 0);
  CHECK(decoded == bytes);
}

TEST_CASE("a failed decode keeps the buffer's capacity") {
  std::vector<std::uint8_t> out(10, 1);
  out.reserve(5000);
  const std::size_t capacity = out.capacity();
  CHECK_FALSE(base64_decode(std::string(1000, '#'), out));
  CHECK(out == std::vector<std::uint8_t>(10, 1));
  CHECK(out.capacity() == capacity);
}

TEST_CASE("codecs allocate nothing once warm") {
  const std::vector<std::uint8_t> bytes(320, 0x3C);
  std::vector<std::int16_t> samples;
  std::vector<std::uint8_t> encoded;
  for (const auto encoding : {base::AudioEncoding::pcm16, base::AudioEncoding::g711_ulaw,
                              base::AudioEncoding::g711_alaw}) {
    CHECK(allocations_of_second([&] {
            samples.clear();
            decode(encoding, bytes, samples);
            encoded.clear();
            encode(encoding, samples, encoded);
          }) == 0);
  }
}

TEST_CASE("resampling allocates nothing once warm") {
  const std::vector<std::int16_t> frame(480, 1000);
  for (const int rate_out_hz : {8000, 16000, 24000, 48000}) {
    Resampler resampler(24000, rate_out_hz);
    std::vector<std::int16_t> out;
    const auto pass = [&] {
      out.clear();
      for (int i = 0; i < 10; ++i) {
        resampler.process(frame, out);
      }
      resampler.flush(out);
    };
    CHECK(allocations_of_second(pass) == 0);
  }
}

}  // namespace
}  // namespace parley::audio
