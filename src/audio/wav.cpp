// SPDX-License-Identifier: MIT
// RIFF/WAVE ("Multimedia Programming Interface and Data Specifications 1.0", 1991, and Microsoft's
// WAVEFORMATEXTENSIBLE page). Everything in a file is doubted; memory is bounded by the file's
// size.
#include "audio/wav.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "audio/codec.h"
#include "base/assert.h"

namespace parley::audio {
namespace {

constexpr std::uint16_t kTagPcm = 1;
constexpr std::uint16_t kTagFloat = 3;
constexpr std::uint16_t kTagAlaw = 6;
constexpr std::uint16_t kTagUlaw = 7;
constexpr std::uint16_t kTagExtensible = 0xFFFE;
constexpr std::uint32_t kRateMaxHz = 768000;
constexpr std::uint16_t kChannelsMax = 64;
constexpr std::size_t kChunkHeaderBytes = 8;
constexpr std::size_t kFileHeaderBytes = 44;  // of the files that write_wav() makes

std::uint32_t read_u8(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint16_t read_u16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(read_u8(bytes, at) | read_u8(bytes, at + 1) << 8);
}

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  return read_u16(bytes, at) | static_cast<std::uint32_t>(read_u16(bytes, at + 2)) << 16;
}

// What one sample of one channel looks like.
enum class Coding : std::uint8_t { pcm8, pcm16, pcm24, pcm32, float32, alaw, ulaw };

struct Format {
  Coding coding = Coding::pcm16;
  std::uint16_t channels = 1;
  std::uint32_t rate_hz = 0;
  std::size_t bytes_per_sample = 2;
};

std::optional<Coding> coding_of(std::uint16_t tag, std::uint16_t bits) {
  switch (tag) {
    case kTagPcm:
      switch (bits) {
        case 8:
          return Coding::pcm8;
        case 16:
          return Coding::pcm16;
        case 24:
          return Coding::pcm24;
        case 32:
          return Coding::pcm32;
        default:
          return std::nullopt;
      }
    case kTagFloat:
      return bits == 32 ? std::optional(Coding::float32) : std::nullopt;
    case kTagAlaw:
      return bits == 8 ? std::optional(Coding::alaw) : std::nullopt;
    case kTagUlaw:
      return bits == 8 ? std::optional(Coding::ulaw) : std::nullopt;
    default:
      return std::nullopt;
  }
}

tl::unexpected<base::Error> invalid(std::string message) {
  return base::fail("invalid_wav", std::move(message));
}

base::Result<Format> parse_format(std::string_view chunk) {
  if (chunk.size() < 16) {
    return invalid("The fmt chunk is too short.");
  }
  std::uint16_t tag = read_u16(chunk, 0);
  const std::uint16_t channels = read_u16(chunk, 2);
  const std::uint32_t rate_hz = read_u32(chunk, 4);
  const std::uint16_t block_bytes = read_u16(chunk, 12);
  const std::uint16_t bits = read_u16(chunk, 14);
  if (tag == kTagExtensible) {
    if (chunk.size() < 40) {
      return invalid("The extensible fmt chunk is too short.");
    }
    tag = read_u16(chunk, 24);  // the sub-format's GUID begins with the plain tag
  }
  if (channels == 0 || channels > kChannelsMax) {
    return invalid("The number of channels is " + std::to_string(channels) + ".");
  }
  if (rate_hz == 0 || rate_hz > kRateMaxHz) {
    return invalid("The sample rate is " + std::to_string(rate_hz) + " Hz.");
  }
  const auto coding = coding_of(tag, bits);
  if (!coding) {
    return invalid("Unsupported sample format: tag " + std::to_string(tag) + " with " +
                   std::to_string(bits) + " bits.");
  }
  const std::size_t bytes_per_sample = bits / 8U;
  if (block_bytes != bytes_per_sample * channels) {
    return invalid("The block size does not fit the channels and bits.");
  }
  return Format{*coding, channels, rate_hz, bytes_per_sample};
}

std::int16_t from_float(std::uint32_t bits) {
  const auto value = std::bit_cast<float>(bits);
  if (std::isnan(value)) {
    return 0;
  }
  return static_cast<std::int16_t>(std::lround(std::clamp(value * 32768.0F, -32768.0F, 32767.0F)));
}

// One sample that is neither 16-bit nor G.711, at bytes[at].
std::int16_t read_sample(Coding coding, std::string_view bytes, std::size_t at) {
  switch (coding) {
    case Coding::pcm8:  // unsigned, unlike all others
      return static_cast<std::int16_t>((static_cast<int>(read_u8(bytes, at)) - 128) * 256);
    case Coding::pcm24:
      return static_cast<std::int16_t>(read_u16(bytes, at + 1));
    case Coding::pcm32:
      return static_cast<std::int16_t>(read_u16(bytes, at + 2));
    case Coding::float32:
      return from_float(read_u32(bytes, at));
    case Coding::pcm16:
    case Coding::alaw:
    case Coding::ulaw:
      break;
  }
  return 0;
}

std::vector<std::int16_t> read_samples(const Format& format, std::string_view data) {
  std::vector<std::int16_t> samples;
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
  switch (format.coding) {
    case Coding::pcm16:
      decode(base::AudioEncoding::pcm16, bytes, samples);
      return samples;
    case Coding::alaw:
      decode(base::AudioEncoding::g711_alaw, bytes, samples);
      return samples;
    case Coding::ulaw:
      decode(base::AudioEncoding::g711_ulaw, bytes, samples);
      return samples;
    case Coding::pcm8:
    case Coding::pcm24:
    case Coding::pcm32:
    case Coding::float32:
      break;
  }
  samples.reserve(data.size() / format.bytes_per_sample);
  for (std::size_t at = 0; at < data.size(); at += format.bytes_per_sample) {
    samples.push_back(read_sample(format.coding, data, at));
  }
  return samples;
}

void average_channels(std::vector<std::int16_t>& samples, std::size_t channels) {
  const std::size_t frames = samples.size() / channels;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    int sum = 0;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      sum += samples[frame * channels + channel];
    }
    samples[frame] = static_cast<std::int16_t>(sum / static_cast<int>(channels));
  }
  samples.resize(frames);
}

void append_u16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
  out += static_cast<char>(value >> 8 & 0xFF);
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, value & 0xFFFF);
  append_u16(out, value >> 16);
}

}  // namespace

base::Result<Wav> parse_wav(std::string_view bytes) {
  if (bytes.size() < 12 || !bytes.starts_with("RIFF") || bytes.substr(8, 4) != "WAVE") {
    return invalid("Not a RIFF/WAVE file.");
  }
  std::optional<Format> format;
  std::size_t at = 12;
  while (bytes.size() - at >= kChunkHeaderBytes) {
    const std::string_view id = bytes.substr(at, 4);
    const std::size_t stated_bytes = read_u32(bytes, at + 4);
    at += kChunkHeaderBytes;
    const std::string_view body = bytes.substr(at, stated_bytes);
    if (id == "fmt ") {
      auto parsed = parse_format(body);
      if (!parsed) {
        return tl::unexpected(std::move(parsed.error()));
      }
      format = *parsed;
    } else if (id == "data") {
      if (!format) {
        return invalid("The data chunk comes before the fmt chunk.");
      }
      // A last frame that was cut off is left out.
      const std::size_t frame_bytes = format->bytes_per_sample * format->channels;
      Wav wav{static_cast<int>(format->rate_hz),
              read_samples(*format, body.substr(0, body.size() / frame_bytes * frame_bytes))};
      if (format->channels > 1) {
        average_channels(wav.samples, format->channels);
      }
      return wav;
    }
    // Chunks are padded to an even length.
    at = std::min(bytes.size(), at + stated_bytes + (stated_bytes & 1));
  }
  return invalid(format ? "There is no data chunk." : "There is no fmt chunk.");
}

std::string write_wav(std::span<const std::int16_t> samples, int rate_hz) {
  PARLEY_ASSERT(rate_hz > 0 && samples.size_bytes() <= 0xFFFFFFFF - kFileHeaderBytes);
  const auto data_bytes = static_cast<std::uint32_t>(samples.size_bytes());
  const auto rate = static_cast<std::uint32_t>(rate_hz);
  std::string out;
  out.reserve(kFileHeaderBytes + data_bytes);
  out += "RIFF";
  append_u32(out, static_cast<std::uint32_t>(kFileHeaderBytes) - 8 + data_bytes);
  out += "WAVEfmt ";
  append_u32(out, 16);
  append_u16(out, kTagPcm);
  append_u16(out, 1);
  append_u32(out, rate);
  append_u32(out, rate * 2);
  append_u16(out, 2);
  append_u16(out, 16);
  out += "data";
  append_u32(out, data_bytes);
  for (const std::int16_t sample : samples) {
    append_u16(out, static_cast<std::uint16_t>(sample));
  }
  return out;
}

}  // namespace parley::audio
