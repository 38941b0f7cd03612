// SPDX-License-Identifier: MIT
// Base64 against RFC 4648's vectors, its own rules, and the AVX2 kernel against its scalar twin.
#include "audio/base64.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "audio/detail/base64_kernels.h"
#include "base/random.h"

namespace parley::audio {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::string encoded(const Bytes& bytes) {
  std::string out;
  base64_encode(bytes, out);
  return out;
}

// A fresh seed each run; PARLEY_TEST_SEED repeats one.
std::uint64_t test_seed() {
  const char* seed = std::getenv("PARLEY_TEST_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : base::random_seed();
}

Bytes random_bytes(base::Random& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  return bytes;
}

struct Vector {
  std::string_view bytes;
  std::string_view text;
};

constexpr Vector kRfc4648Vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST_CASE("base64 gives the vectors of RFC 4648, both ways, with and without padding") {
  for (const Vector& vector : kRfc4648Vectors) {
    CAPTURE(vector.text);
    CHECK(encoded(bytes_of(vector.bytes)) == vector.text);
    Bytes out;
    CHECK(base64_decode(vector.text, out));
    CHECK(out == bytes_of(vector.bytes));
    out.clear();
    CHECK(base64_decode(vector.text.substr(0, vector.text.find('=')), out));
    CHECK(out == bytes_of(vector.bytes));
  }
}

TEST_CASE("base64 appends to what is there") {
  Bytes out = {1, 2};
  CHECK(base64_decode("AwQ=", out));
  CHECK(out == Bytes{1, 2, 3, 4});
  std::string text = "data:";
  base64_encode(out, text);
  CHECK(text == "data:AQIDBA==");
}

TEST_CASE("base64 with a fault is refused and leaves the output as it was") {
  for (const std::string_view text :
       {"Z",     "Zm9vY",    "=",    "==",       "====", "Zg=",       "Zg===",
        "Zm9v=", "Zm9v====", "Z===", "Zg==Zg==", "Zm=v", "=m9v",      "Zm9v\n",
        " Zm9v", "Zm 9",     "Zm9-", "Zm9_",     "Zm9!", "Zm\xC3\xA9"}) {
    CAPTURE(text);
    Bytes out = {7, 8, 9};
    CHECK_FALSE(base64_decode(text, out));
    CHECK(out == Bytes{7, 8, 9});
  }
}

TEST_CASE("base64 ignores the spare bits of the last character") {
  Bytes out;
  CHECK(base64_decode("Zh==", out));
  CHECK(out == bytes_of("f"));
}

TEST_CASE("base64 knows each of the 256 characters for what it is, wherever it stands") {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int c = 0; c < 256; ++c) {
    const char character = static_cast<char>(c);
    const bool in_alphabet = kAlphabet.find(character) != std::string_view::npos;
    for (std::size_t at = 0; at < 64; ++at) {
      std::string text(96, 'A');
      text[at] = character;
      Bytes out;
      CAPTURE(c);
      CAPTURE(at);
      REQUIRE(base64_decode(text, out) == in_alphabet);
      if (in_alphabet) {
        REQUIRE(encoded(out) == text);
      }
    }
  }
}

// Goal: the AVX2 kernel cannot be told from the scalar one. Method: random bytes of every length
// around the block sizes, then text with up to three characters changed, then text cut anywhere.
TEST_CASE("the AVX2 kernel agrees with the scalar one on random input") {
  if (!detail::avx2_available()) {
    MESSAGE("no AVX2 on this processor: nothing to compare");
    return;
  }
  const std::uint64_t seed = test_seed();
  CAPTURE(seed);
  base::Random random(seed);
  for (int round = 0; round < 5000; ++round) {
    const Bytes bytes = random_bytes(random, random.below(200));
    std::string text;
    std::string text_avx2;
    detail::base64_encode(detail::Base64Kernel::scalar, bytes, text);
    detail::base64_encode(detail::Base64Kernel::avx2, bytes, text_avx2);
    CAPTURE(round);
    REQUIRE(text == text_avx2);

    Bytes back;
    REQUIRE(detail::base64_decode(detail::Base64Kernel::avx2, text, back));
    REQUIRE(back == bytes);

    for (std::uint64_t changes = random.below(4); changes > 0 && !text.empty(); --changes) {
      text[random.below(text.size())] = static_cast<char>(random.next());
    }
    text.resize(text.size() - random.below(3) % (text.size() + 1));
    Bytes scalar = {1};
    Bytes avx2 = {1};
    REQUIRE(detail::base64_decode(detail::Base64Kernel::scalar, text, scalar) ==
            detail::base64_decode(detail::Base64Kernel::avx2, text, avx2));
    REQUIRE(scalar == avx2);
  }
}

TEST_CASE("base64 of a large buffer comes back whole") {
  base::Random random(1);
  const Bytes bytes = random_bytes(random, 3'000'001);
  Bytes back;
  CHECK(base64_decode(encoded(bytes), back));
  CHECK(back == bytes);
}

}  // namespace
}  // namespace parley::audio
