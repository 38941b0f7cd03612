// SPDX-License-Identifier: MIT
// Base64: the rules, and the table version of the kernels. base64_avx2.cpp is the fast twin.
#include "audio/base64.h"

#include <array>

#include "audio/detail/base64_kernels.h"

namespace parley::audio {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kInvalid = 0xFF;  // no sextet has its high bits, so they survive an OR

constexpr std::array<std::uint8_t, 256> make_sextets() {
  std::array<std::uint8_t, 256> sextets{};
  sextets.fill(kInvalid);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    sextets[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return sextets;
}

constexpr auto kSextets = make_sextets();

std::uint32_t sextet(char c) { return kSextets[static_cast<unsigned char>(c)]; }

// A multiple of 4 characters. False: one of them is outside the alphabet.
bool decode_quads(std::string_view text, std::uint8_t* out) {
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < text.size(); i += 4, out += 3) {
    const std::uint32_t a = sextet(text[i]);
    const std::uint32_t b = sextet(text[i + 1]);
    const std::uint32_t c = sextet(text[i + 2]);
    const std::uint32_t d = sextet(text[i + 3]);
    seen |= a | b | c | d;
    const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    out[0] = static_cast<std::uint8_t>(bits >> 16);
    out[1] = static_cast<std::uint8_t>(bits >> 8);
    out[2] = static_cast<std::uint8_t>(bits);
  }
  return seen < 64;
}

// The last two or three characters. The bits that no byte uses may be anything, as most decoders
// (and RFC 4648 §3.5) allow.
bool decode_tail(std::string_view text, std::uint8_t* out) {
  const std::uint32_t a = sextet(text[0]);
  const std::uint32_t b = sextet(text[1]);
  const std::uint32_t c = text.size() == 3 ? sextet(text[2]) : 0;
  out[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
  if (text.size() == 3) {
    out[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
  }
  return (a | b | c) < 64;
}

// A multiple of 3 bytes.
void encode_triples(std::span<const std::uint8_t> bytes, char* out) {
  for (std::size_t i = 0; i < bytes.size(); i += 3, out += 4) {
    const unsigned bits = static_cast<unsigned>(bytes[i]) << 16 |
                          static_cast<unsigned>(bytes[i + 1]) << 8 | bytes[i + 2];
    out[0] = kAlphabet[bits >> 18];
    out[1] = kAlphabet[bits >> 12 & 63];
    out[2] = kAlphabet[bits >> 6 & 63];
    out[3] = kAlphabet[bits & 63];
  }
}

// One or two bytes: a padded quad.
void encode_tail(std::span<const std::uint8_t> bytes, char* out) {
  const unsigned second = bytes.size() == 2 ? bytes[1] : 0;
  const unsigned bits = static_cast<unsigned>(bytes[0]) << 16 | second << 8;
  out[0] = kAlphabet[bits >> 18];
  out[1] = kAlphabet[bits >> 12 & 63];
  out[2] = bytes.size() == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  out[3] = '=';
}

}  // namespace

namespace detail {

Base64Kernel best_base64_kernel() {
  static const Base64Kernel best = avx2_available() ? Base64Kernel::avx2 : Base64Kernel::scalar;
  return best;
}

bool base64_decode(Base64Kernel kernel, std::string_view text, std::vector<std::uint8_t>& out) {
  // Padding is all there or not at all; a '=' anywhere else is outside the alphabet.
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) {
      return false;
    }
    text.remove_suffix(1);
    if (text.ends_with('=')) {
      text.remove_suffix(1);
    }
  }
  const std::size_t tail_chars = text.size() % 4;
  if (tail_chars == 1) {
    return false;
  }
  const std::string_view quads = text.substr(0, text.size() - tail_chars);
  const std::string_view tail = text.substr(quads.size());
  const std::size_t size_before = out.size();
  out.resize(size_before + quads.size() / 4 * 3 + (tail.empty() ? 0 : tail.size() - 1));
  std::uint8_t* to = out.data() + size_before;

  const std::size_t done = kernel == Base64Kernel::avx2 ? decode_blocks_avx2(quads, to) : 0;
  bool valid = decode_quads(quads.substr(done), to + done / 4 * 3);
  if (valid && !tail.empty()) {
    valid = decode_tail(tail, to + quads.size() / 4 * 3);
  }
  if (!valid) {
    out.resize(size_before);
  }
  return valid;
}

void base64_encode(Base64Kernel kernel, std::span<const std::uint8_t> bytes, std::string& out) {
  const auto triples = bytes.first(bytes.size() / 3 * 3);
  const auto tail = bytes.subspan(triples.size());
  const std::size_t size_before = out.size();
  out.resize(size_before + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + size_before;

  const std::size_t done = kernel == Base64Kernel::avx2 ? encode_blocks_avx2(triples, to) : 0;
  encode_triples(triples.subspan(done), to + done / 3 * 4);
  if (!tail.empty()) {
    encode_tail(tail, to + triples.size() / 3 * 4);
  }
}

}  // namespace detail

bool base64_decode(std::string_view text, std::vector<std::uint8_t>& out) {
  return detail::base64_decode(detail::best_base64_kernel(), text, out);
}

void base64_encode(std::span<const std::uint8_t> bytes, std::string& out) {
  detail::base64_encode(detail::best_base64_kernel(), bytes, out);
}

}  // namespace parley::audio
