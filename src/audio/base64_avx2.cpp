// SPDX-License-Identifier: MIT
// Base64 with AVX2, 32 characters at a time, after W. Muła and D. Lemire, "Faster Base64 Encoding
// and Decoding using AVX2 Instructions" (2018). The target attribute builds these functions for
// AVX2 while the rest of the program stays at the baseline; callers check avx2_available() first.
#include "audio/detail/base64_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::audio::detail {

#if defined(__x86_64__)

#define PARLEY_AVX2 __attribute__((target("avx2")))

namespace {

// The same 16 bytes in both halves: byte shuffles stay within a half.
PARLEY_AVX2 inline __m256i twice(__m128i half) { return _mm256_broadcastsi128_si256(half); }

}  // namespace

bool avx2_available() { return __builtin_cpu_supports("avx2") != 0; }

PARLEY_AVX2 std::size_t decode_blocks_avx2(std::string_view quads, std::uint8_t* out) {
  // A character is in the alphabet when the bit sets of its two nibbles do not meet. Every low
  // nibble's set holds 0x10, which the high nibbles of all bytes from 0x80 on hold too.
  const __m256i high_sets = twice(_mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,  //
                                                0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  const __m256i low_sets = twice(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,  //
                                               0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A));
  // What to add to a character to get its sextet, by high nibble; '/' takes the place before '+'.
  const __m256i offsets =
      twice(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i slash = _mm256_set1_epi8(0x2F);
  const __m256i big_endian_triples =
      twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  const __m256i close_the_gap = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);

  std::size_t done = 0;
  // 44 characters make 33 bytes: the 32-byte store stays inside.
  for (; quads.size() - done >= 44; done += 32, out += 24) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(quads.data() + done));
    // 0x2F keeps the nibble and never bit 7, which would make the shuffle give zero.
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(block, 4), slash);
    const __m256i low = _mm256_and_si256(block, slash);
    if (_mm256_testz_si256(_mm256_shuffle_epi8(high_sets, high),
                           _mm256_shuffle_epi8(low_sets, low)) == 0) {
      break;
    }
    const __m256i is_slash = _mm256_cmpeq_epi8(block, slash);
    const __m256i sextets =
        _mm256_add_epi8(block, _mm256_shuffle_epi8(offsets, _mm256_add_epi8(is_slash, high)));
    const __m256i pairs = _mm256_maddubs_epi16(sextets, _mm256_set1_epi32(0x01400140));
    const __m256i triples = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(
        _mm256_shuffle_epi8(triples, big_endian_triples), close_the_gap);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  }
  return done;
}

PARLEY_AVX2 std::size_t encode_blocks_avx2(std::span<const std::uint8_t> bytes, char* out) {
  const __m256i spread = twice(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  // What to add to a sextet to get its character: a..z, ten digits, '+', '/', A..Z.
  const __m256i offsets =
      twice(_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                          '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
  std::size_t done = 0;
  // Two 16-byte loads, 12 apart: the second ends 28 bytes on.
  for (; bytes.size() - done >= 28; done += 24, out += 32) {
    const std::uint8_t* from = bytes.data() + done;
    const __m256i block = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 12)), 1);
    const __m256i words = _mm256_shuffle_epi8(block, spread);
    const __m256i first_and_third = _mm256_mulhi_epu16(
        _mm256_and_si256(words, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i second_and_fourth = _mm256_mullo_epi16(
        _mm256_and_si256(words, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i sextets = _mm256_or_si256(first_and_third, second_and_fourth);
    const __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), sextets);
    const __m256i group = _mm256_or_si256(_mm256_subs_epu8(sextets, _mm256_set1_epi8(51)),
                                          _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
    const __m256i text = _mm256_add_epi8(sextets, _mm256_shuffle_epi8(offsets, group));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), text);
  }
  return done;
}

#undef PARLEY_AVX2

#else

bool avx2_available() { return false; }
std::size_t decode_blocks_avx2(std::string_view, std::uint8_t*) { return 0; }
std::size_t encode_blocks_avx2(std::span<const std::uint8_t>, char*) { return 0; }

#endif

}  // namespace parley::audio::detail
