// SPDX-License-Identifier: MIT
// From wire bytes to samples and back, by encoding.
#include "audio/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "audio/detail/g711.h"
#include "base/assert.h"

namespace parley::audio {
namespace {

void decode_pcm16(std::span<const std::uint8_t> bytes, std::int16_t* out) {
  if constexpr (std::endian::native == std::endian::little) {
    if (!bytes.empty()) {
      std::memcpy(out, bytes.data(), bytes.size());
    }
  } else {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      *out++ = static_cast<std::int16_t>(bytes[i] | bytes[i + 1] << 8);
    }
  }
}

void encode_pcm16(std::span<const std::int16_t> samples, std::uint8_t* out) {
  if constexpr (std::endian::native == std::endian::little) {
    if (!samples.empty()) {
      std::memcpy(out, samples.data(), samples.size_bytes());
    }
  } else {
    for (const std::int16_t sample : samples) {
      *out++ = static_cast<std::uint8_t>(sample & 0xFF);
      *out++ = static_cast<std::uint8_t>(sample >> 8 & 0xFF);
    }
  }
}

void decode_g711(const std::array<std::int16_t, 256>& levels, std::span<const std::uint8_t> bytes,
                 std::int16_t* out) {
  std::ranges::transform(bytes, out, [&levels](std::uint8_t code) { return levels[code]; });
}

}  // namespace

void decode(base::AudioEncoding encoding, std::span<const std::uint8_t> bytes,
            std::vector<std::int16_t>& out) {
  const bool is_pcm16 = encoding == base::AudioEncoding::pcm16;
  PARLEY_ASSERT(!is_pcm16 || bytes.size() % 2 == 0);
  const std::size_t size_before = out.size();
  out.resize(size_before + (is_pcm16 ? bytes.size() / 2 : bytes.size()));
  std::int16_t* to = out.data() + size_before;
  switch (encoding) {
    case base::AudioEncoding::pcm16:
      return decode_pcm16(bytes, to);
    case base::AudioEncoding::g711_ulaw:
      return decode_g711(detail::kUlawLevels, bytes, to);
    case base::AudioEncoding::g711_alaw:
      return decode_g711(detail::kAlawLevels, bytes, to);
  }
}

void encode(base::AudioEncoding encoding, std::span<const std::int16_t> samples,
            std::vector<std::uint8_t>& out) {
  const std::size_t size_before = out.size();
  const bool is_pcm16 = encoding == base::AudioEncoding::pcm16;
  out.resize(size_before + samples.size() * (is_pcm16 ? 2 : 1));
  std::uint8_t* to = out.data() + size_before;
  switch (encoding) {
    case base::AudioEncoding::pcm16:
      return encode_pcm16(samples, to);
    case base::AudioEncoding::g711_ulaw:
      std::ranges::transform(samples, to, detail::ulaw_encode);
      return;
    case base::AudioEncoding::g711_alaw:
      std::ranges::transform(samples, to, detail::alaw_encode);
      return;
  }
}

}  // namespace parley::audio
