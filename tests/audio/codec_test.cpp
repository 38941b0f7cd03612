// SPDX-License-Identifier: MIT
// G.711 against known vectors and against its own definition; PCM16 byte order.
#include "audio/codec.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include "base/assert.h"

namespace parley::audio {
namespace {

using base::AudioEncoding;
using Bytes = std::vector<std::uint8_t>;
using Samples = std::vector<std::int16_t>;

Samples decoded(AudioEncoding encoding, const Bytes& bytes) {
  Samples samples;
  decode(encoding, bytes, samples);
  return samples;
}

Bytes encoded(AudioEncoding encoding, const Samples& samples) {
  Bytes bytes;
  encode(encoding, samples, bytes);
  return bytes;
}

Bytes all_codes() {
  Bytes codes(256);
  std::iota(codes.begin(), codes.end(), std::uint8_t{0});
  return codes;
}

Samples all_samples() {
  Samples samples(65536);
  std::iota(samples.begin(), samples.end(), std::numeric_limits<std::int16_t>::min());
  return samples;
}

TEST_CASE("pcm16 is little-endian both ways") {
  const Bytes bytes = {0x01, 0x00, 0xFF, 0x7F, 0x00, 0x80, 0xFE, 0xFF};
  const Samples samples = {1, 32767, -32768, -2};
  CHECK(decoded(AudioEncoding::pcm16, bytes) == samples);
  CHECK(encoded(AudioEncoding::pcm16, samples) == bytes);
}

TEST_CASE("half a pcm16 sample is the caller's mistake") {
  Samples out;
  CHECK_THROWS_AS(decode(AudioEncoding::pcm16, Bytes{1, 2, 3}, out), base::InvariantBroken);
  CHECK(out.empty());
}

TEST_CASE("codecs append, and nothing gives nothing") {
  for (const auto encoding :
       {AudioEncoding::pcm16, AudioEncoding::g711_ulaw, AudioEncoding::g711_alaw}) {
    Samples samples = {5};
    decode(encoding, Bytes{}, samples);
    CHECK(samples == Samples{5});
    Bytes bytes = {6};
    encode(encoding, Samples{}, bytes);
    CHECK(bytes == Bytes{6});
    encode(encoding, samples, bytes);
    CHECK(bytes.size() == (encoding == AudioEncoding::pcm16 ? 3 : 2));
  }
}

TEST_CASE("µ-law gives known levels and codes") {
  CHECK(decoded(AudioEncoding::g711_ulaw, {0x00, 0x80, 0x7F, 0xFF, 0x10, 0x8F, 0xFE, 0x6F}) ==
        Samples{-32124, 32124, 0, 0, -15996, 16764, 8, -132});
  CHECK(encoded(AudioEncoding::g711_ulaw, {0, -1, 32767, -32768, 1000, -1000, 100, -100}) ==
        Bytes{0xFF, 0x7F, 0x80, 0x00, 0xCE, 0x4E, 0xF2, 0x73});
}

TEST_CASE("A-law gives known levels and codes") {
  CHECK(decoded(AudioEncoding::g711_alaw, {0xD5, 0x55, 0xAA, 0x2A, 0x80, 0x00, 0xFF, 0x7F}) ==
        Samples{8, -8, 32256, -32256, 5504, -5504, 848, -848});
  CHECK(encoded(AudioEncoding::g711_alaw, {0, -1, 32767, -32768, 1000, -1000, 100, -100}) ==
        Bytes{0xD5, 0x55, 0xAA, 0x2A, 0xFA, 0x7A, 0xD3, 0x53});
}

TEST_CASE("every code comes back as itself") {
  const Bytes codes = all_codes();
  CHECK(encoded(AudioEncoding::g711_alaw, decoded(AudioEncoding::g711_alaw, codes)) == codes);
  // µ-law has two zeros; the negative one comes back as the positive.
  Bytes expected = codes;
  expected[0x7F] = 0xFF;
  CHECK(encoded(AudioEncoding::g711_ulaw, decoded(AudioEncoding::g711_ulaw, codes)) == expected);
}

TEST_CASE("every sample is taken to a level no farther than half its step") {
  for (const auto encoding : {AudioEncoding::g711_ulaw, AudioEncoding::g711_alaw}) {
    const Samples samples = all_samples();
    const Samples back = decoded(encoding, encoded(encoding, samples));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const int size = std::abs(static_cast<int>(samples[i]));
      const int error = std::abs(static_cast<int>(samples[i]) - back[i]);
      // Steps grow with the level: µ-law's are 1/16 of it once its bias of 132 is added.
      const int half_step = size > 32124 ? 32768 - 32124 : std::max((size + 132) / 32, 8);
      CAPTURE(samples[i]);
      REQUIRE(error <= half_step);
    }
  }
}

TEST_CASE("louder samples never get quieter codes") {
  for (const auto encoding : {AudioEncoding::g711_ulaw, AudioEncoding::g711_alaw}) {
    const Samples back = decoded(encoding, encoded(encoding, all_samples()));
    CHECK(std::is_sorted(back.begin(), back.end()));
  }
}

}  // namespace
}  // namespace parley::audio
