// SPDX-License-Identifier: MIT
#include "base/audio_format.h"

#include <doctest/doctest.h>

#include "base/raw_json.h"

namespace parley::tests {
namespace {

TEST_CASE("a sample has two bytes in PCM and one in G.711") {
  CHECK(base::AudioFormat{}.bytes_per_sample() == 2);
  CHECK(base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000}.bytes_per_sample() == 1);
  CHECK(base::AudioFormat{base::AudioEncoding::g711_alaw, 8000}.bytes_per_sample() == 1);
}

TEST_CASE("formats are the same when encoding and rate are") {
  const base::AudioFormat pcm;
  CHECK(pcm == base::AudioFormat{base::AudioEncoding::pcm16, 24000});
  CHECK_FALSE(pcm == base::AudioFormat{base::AudioEncoding::pcm16, 16000});
  CHECK_FALSE(base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000} ==
              base::AudioFormat{base::AudioEncoding::g711_alaw, 8000});
}

TEST_CASE("carried JSON is absent when empty") {
  CHECK_FALSE(base::RawJson{}.present());
  CHECK(base::RawJson{"null"}.present());
}

}  // namespace
}  // namespace parley::tests
