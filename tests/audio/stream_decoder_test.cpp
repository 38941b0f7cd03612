// SPDX-License-Identifier: MIT
#include "audio/stream_decoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <string>

namespace parley::audio {
namespace {

constexpr int kRate = 24000;
constexpr SoundFormat kFormats[] = {SoundFormat::mp3, SoundFormat::opus, SoundFormat::flac};

std::vector<std::int16_t> tone(int samples) {
  std::vector<std::int16_t> out;
  for (int i = 0; i < samples; ++i) {
    out.push_back(static_cast<std::int16_t>(8000 * std::sin(2 * 3.14159265 * 400 * i / kRate)));
  }
  return out;
}

std::string file_of(SoundFormat format, std::span<const std::int16_t> samples) {
  auto writer = SoundWriter::create(format, kRate);
  REQUIRE(writer);
  std::string file;
  (*writer)->write(samples, file);
  (*writer)->finish(file);
  return file;
}

struct Heard {
  std::vector<std::int16_t> samples;
  int rate_hz = 0;
  std::string error;
  std::size_t halfway = 0;  // samples known when half of the bytes were in
};

Heard hear(SoundFormat format, std::string_view file, std::size_t piece) {
  Heard heard;
  const auto decoder = make_stream_decoder(format);
  for (std::size_t at = 0; at < file.size(); at += piece) {
    const auto taken = decoder->push(file.substr(at, piece), heard.samples);
    if (!taken) {
      heard.error = taken.error().message;
      return heard;
    }
    if (at <= file.size() / 2) heard.halfway = heard.samples.size();
  }
  if (const auto taken = decoder->finish(heard.samples); !taken)
    heard.error = taken.error().message;
  heard.rate_hz = decoder->rate_hz();
  return heard;
}

double loudness(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample) * sample;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1)));
}

TEST_CASE("compressed sound is decoded as libsndfile decodes the whole file") {
  const auto samples = tone(2 * kRate);
  for (const auto format : kFormats) {
    CAPTURE(static_cast<int>(format));
    const std::string file = file_of(format, samples);
    REQUIRE(compressed_format_of(file) == format);
    const Heard heard = hear(format, file, 1000);
    CHECK(heard.error.empty());
    const double seconds = static_cast<double>(heard.samples.size()) / heard.rate_hz;
    CHECK(seconds > 1.99);
    CHECK(seconds < 2.15);  // MP3 comes in whole frames
    CHECK(loudness(heard.samples) == doctest::Approx(loudness(samples)).epsilon(0.1));
    const auto oracle = read_sound_file(file, 60);
    REQUIRE(oracle);
    const double said = static_cast<double>(oracle->samples.size()) / oracle->rate_hz;
    CHECK(seconds == doctest::Approx(said).epsilon(0.03));
  }
}

TEST_CASE("Opus and FLAC give back as many samples as went in, FLAC the same ones") {
  const auto samples = tone(kRate + 77);
  const Heard flac = hear(SoundFormat::flac, file_of(SoundFormat::flac, samples), 777);
  CHECK((flac.samples == samples));
  CHECK(flac.rate_hz == kRate);
  const Heard opus = hear(SoundFormat::opus, file_of(SoundFormat::opus, samples), 777);
  CHECK(opus.rate_hz == 48000);
  CHECK(opus.samples.size() == samples.size() * 2);
}

TEST_CASE("what is heard does not depend on how the stream is cut") {
  const auto samples = tone(kRate / 2);
  for (const auto format : kFormats) {
    CAPTURE(static_cast<int>(format));
    const std::string file = file_of(format, samples);
    const Heard whole = hear(format, file, file.size());
    for (const std::size_t piece : {1, 2, 7, 417, 4096}) {
      CAPTURE(piece);
      const Heard cut = hear(format, file, piece);
      CHECK((cut.samples == whole.samples));
      CHECK(cut.rate_hz == whole.rate_hz);
    }
  }
}

TEST_CASE("MP3 and Opus are heard while they come") {
  const auto samples = tone(4 * kRate);
  for (const auto format : {SoundFormat::mp3, SoundFormat::opus}) {
    const Heard heard = hear(format, file_of(format, samples), 500);
    CHECK(heard.halfway > heard.samples.size() / 3);
  }
}

TEST_CASE("several Ogg streams in a row are one sound, and so are MP3s") {
  const auto samples = tone(kRate / 2);
  for (const auto format : {SoundFormat::mp3, SoundFormat::opus}) {
    CAPTURE(static_cast<int>(format));
    const std::string file = file_of(format, samples);
    const Heard once = hear(format, file, 333);
    const Heard twice = hear(format, file + file, 333);
    CHECK(twice.error.empty());
    CHECK(twice.samples.size() == 2 * once.samples.size());
  }
}

TEST_CASE("damage ends in a reason or in sound, and never in more than that") {
  const auto samples = tone(kRate / 2);
  for (const auto format : kFormats) {
    CAPTURE(static_cast<int>(format));
    const std::string file = file_of(format, samples);
    CHECK_FALSE(hear(format, "", 10).error.empty());
    CHECK_FALSE(hear(format, std::string(5000, 'x'), 100).error.empty());
    unsigned random = 1;
    for (int round = 0; round < 60; ++round) {
      std::string damaged = file.substr(0, file.size() - static_cast<std::size_t>(round) * 7);
      for (int blow = 0; blow < round / 6; ++blow) {
        random = random * 1664525u + 1013904223u;
        damaged[(random >> 8u) % damaged.size()] = static_cast<char>(random >> 24u);
      }
      const Heard heard = hear(format, damaged, 500);
      CHECK(heard.samples.size() < 40 * samples.size());
      if (heard.error.empty()) CHECK(heard.rate_hz > 0);
    }
  }
}

TEST_CASE("a format is known by its first four bytes") {
  CHECK(compressed_format_of("OggS") == SoundFormat::opus);
  CHECK(compressed_format_of("fLaC") == SoundFormat::flac);
  CHECK(compressed_format_of("ID3\x04") == SoundFormat::mp3);
  CHECK(compressed_format_of("\xff\xfb\x90\x64") == SoundFormat::mp3);
  CHECK(compressed_format_of("\xff\xf3\x44\xc4") == SoundFormat::mp3);
  for (const std::string mark : {"RIFF", "Ogg", "\xff\xff\xff\xff", "\xff\xf1\x50\x80", "abcd"}) {
    CHECK_FALSE(compressed_format_of(mark).has_value());
  }
}

}  // namespace
}  // namespace parley::audio
