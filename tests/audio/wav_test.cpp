// SPDX-License-Identifier: MIT
// WAV files as programs write them, and as nobody should.
#include "audio/wav.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"

namespace parley::audio {
namespace {

using Samples = std::vector<std::int16_t>;

std::string u16(std::uint32_t value) {
  return {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8 & 0xFF)};
}

std::string u32(std::uint32_t value) { return u16(value & 0xFFFF) + u16(value >> 16); }

std::string f32(float value) { return u32(std::bit_cast<std::uint32_t>(value)); }

std::string chunk(const std::string& id, const std::string& body) {
  return id + u32(static_cast<std::uint32_t>(body.size())) + body +
         (body.size() % 2 == 1 ? std::string(1, '\0') : "");
}

std::string riff(const std::string& chunks) {
  return "RIFF" + u32(static_cast<std::uint32_t>(chunks.size() + 4)) + "WAVE" + chunks;
}

struct FmtFields {
  std::uint32_t tag = 1;
  std::uint32_t channels = 1;
  std::uint32_t rate_hz = 8000;
  std::uint32_t bits = 16;
};

std::string fmt_body(FmtFields fields) {
  const std::uint32_t block_bytes = fields.channels * fields.bits / 8;
  return u16(fields.tag) + u16(fields.channels) + u32(fields.rate_hz) +
         u32(fields.rate_hz * block_bytes) + u16(block_bytes) + u16(fields.bits);
}

std::string file(FmtFields fields, const std::string& data) {
  return riff(chunk("fmt ", fmt_body(fields)) + chunk("data", data));
}

Samples samples_of(const std::string& bytes) {
  const auto wav = parse_wav(bytes);
  REQUIRE_MESSAGE(wav.has_value(), (wav ? "" : wav.error().message));
  return wav->samples;
}

std::string fault_of(const std::string& bytes) {
  const auto wav = parse_wav(bytes);
  REQUIRE_FALSE(wav.has_value());
  CHECK(wav.error().code == "invalid_wav");
  return wav.error().message;
}

TEST_CASE("a written file reads back") {
  const Samples samples = {0, 1, -1, 32767, -32768, 12345};
  const std::string bytes = write_wav(samples, 24000);
  CHECK(bytes.size() == 44 + 12);
  const auto wav = parse_wav(bytes);
  REQUIRE(wav.has_value());
  CHECK(wav->rate_hz == 24000);
  CHECK(wav->samples == samples);
  CHECK(samples_of(write_wav({}, 8000)).empty());
}

TEST_CASE("a written file's header is byte for byte the usual one") {
  CHECK(write_wav(Samples{0x0102}, 16000) == "RIFF" + u32(38) + "WAVEfmt " + u32(16) + u16(1) +
                                                 u16(1) + u32(16000) + u32(32000) + u16(2) +
                                                 u16(16) + "data" + u32(2) + "\x02\x01");
}

TEST_CASE("all integer widths come to 16 bits") {
  CHECK(samples_of(file({.bits = 8}, std::string("\x80\xFF\x00", 3))) == Samples{0, 32512, -32768});
  CHECK(samples_of(file({.bits = 24}, std::string("\xFF\xFF\x7F\x00\x00\x80\xFF\x34\x12", 9))) ==
        Samples{32767, -32768, 0x1234});
  CHECK(samples_of(file({.bits = 32}, u32(0x7FFFFFFF) + u32(0x80000000) + u32(0x00015555))) ==
        Samples{32767, -32768, 1});
}

TEST_CASE("floats are scaled, clipped, and never undefined") {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::string data = f32(0) + f32(0.5F) + f32(-1) + f32(1) + f32(7) + f32(-infinity) +
                           f32(infinity) + f32(std::numeric_limits<float>::quiet_NaN());
  CHECK(samples_of(file({.tag = 3, .bits = 32}, data)) ==
        Samples{0, 16384, -32768, 32767, 32767, -32768, 32767, 0});
}

TEST_CASE("G.711 files are decoded") {
  CHECK(samples_of(file({.tag = 7, .bits = 8}, "\xFF\x80")) == Samples{0, 32124});
  CHECK(samples_of(file({.tag = 6, .bits = 8}, "\xD5\xAA")) == Samples{8, 32256});
}

TEST_CASE("channels are averaged") {
  CHECK(samples_of(file({.channels = 2}, u16(100) + u16(300) + u16(0x8000) + u16(0x8000))) ==
        Samples{200, -32768});
  CHECK(samples_of(file({.tag = 7, .channels = 2, .bits = 8}, "\x80\xFF")) == Samples{16062});
}

TEST_CASE("an extensible file names its format in its sub-format") {
  const std::string guid_rest(14, '\x11');
  const std::string body = fmt_body({.tag = 0xFFFE, .channels = 1, .bits = 16}) + u16(22) +
                           u16(16) + u32(4) + u16(1) + guid_rest;
  CHECK(samples_of(riff(chunk("fmt ", body) + chunk("data", u16(42)))) == Samples{42});
  CHECK(fault_of(riff(chunk("fmt ", body.substr(0, 38)) + chunk("data", u16(42)))) ==
        "The extensible fmt chunk is too short.");
}

TEST_CASE("unknown chunks are skipped, odd ones with their padding") {
  const std::string fmt = chunk("fmt ", fmt_body({}));
  CHECK(samples_of(riff(chunk("LIST", "odd") + fmt + chunk("fact", "x") + chunk("data", u16(7)) +
                        chunk("id3 ", "after"))) == Samples{7});
}

TEST_CASE("a data chunk longer than the file ends with the file") {
  const std::string head = "RIFF" + u32(0xFFFFFFFF) + "WAVE" + chunk("fmt ", fmt_body({}));
  CHECK(samples_of(head + "data" + u32(0xFFFFFFFF) + u16(1) + u16(2)) == Samples{1, 2});
  CHECK(samples_of(head + "data" + u32(100) + u16(1) + "\x05") == Samples{1});
  CHECK(samples_of(head + "data" + u32(0xFFFFFFFF)).empty());
}

TEST_CASE("a file that is no WAV, or not whole, says what is wrong") {
  const std::string fmt = chunk("fmt ", fmt_body({}));
  CHECK(fault_of("") == "Not a RIFF/WAVE file.");
  CHECK(fault_of("RIFF") == "Not a RIFF/WAVE file.");
  CHECK(fault_of("OggS" + std::string(60, '\0')) == "Not a RIFF/WAVE file.");
  CHECK(fault_of("RIFF" + u32(4) + "AVI ") == "Not a RIFF/WAVE file.");
  CHECK(fault_of(riff("")) == "There is no fmt chunk.");
  CHECK(fault_of(riff(fmt)) == "There is no data chunk.");
  CHECK(fault_of(riff(chunk("data", "ab") + fmt)) == "The data chunk comes before the fmt chunk.");
  CHECK(fault_of(riff(chunk("fmt ", "short"))) == "The fmt chunk is too short.");
  CHECK(fault_of(riff("junk" + u32(0xFFFFFFFE) + "xx" + fmt)) == "There is no fmt chunk.");
}

TEST_CASE("impossible formats are refused") {
  CHECK(fault_of(file({.rate_hz = 0}, "ab")) == "The sample rate is 0 Hz.");
  CHECK(fault_of(file({.rate_hz = 0xFFFFFFFF}, "ab")) == "The sample rate is 4294967295 Hz.");
  CHECK(fault_of(file({.channels = 0}, "ab")) == "The number of channels is 0.");
  CHECK(fault_of(file({.channels = 65535}, "ab")) == "The number of channels is 65535.");
  CHECK(fault_of(file({.bits = 12}, "ab")) == "Unsupported sample format: tag 1 with 12 bits.");
  CHECK(fault_of(file({.tag = 85}, "ab")) == "Unsupported sample format: tag 85 with 16 bits.");
  std::string wrong_block = fmt_body({});
  wrong_block[12] = 3;
  CHECK(fault_of(riff(chunk("fmt ", wrong_block) + chunk("data", "ab"))) ==
        "The block size does not fit the channels and bits.");
}

TEST_CASE("no prefix and no changed byte of a file does harm") {
  const std::string good = file({.channels = 2, .bits = 24}, std::string(60, 'x'));
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto wav = parse_wav(std::string_view(good).substr(0, length));
    CHECK((!wav || wav->samples.size() <= 10));
  }
  base::Random random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    bad[random.below(bad.size())] = static_cast<char>(random.next());
    bad[random.below(48)] = static_cast<char>(random.next());
    const auto wav = parse_wav(bad);
    CHECK((!wav || wav->samples.size() <= bad.size()));
  }
}

}  // namespace
}  // namespace parley::audio
