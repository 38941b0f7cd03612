// SPDX-License-Identifier: MIT
#include "audio/sound_file.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "audio/wav.h"

namespace parley::audio {
namespace {

constexpr int kRate = 24000;

std::vector<std::int16_t> tone(int samples) {
  std::vector<std::int16_t> out;
  for (int i = 0; i < samples; ++i) {
    out.push_back(static_cast<std::int16_t>(8000 * std::sin(2 * 3.14159265 * 440 * i / kRate)));
  }
  return out;
}

double loudness(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample) * sample;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1)));
}

TEST_CASE("what is written in pieces is read again") {
  const auto samples = tone(2 * kRate);
  for (const auto format :
       {SoundFormat::wav, SoundFormat::mp3, SoundFormat::opus, SoundFormat::flac}) {
    CAPTURE(static_cast<int>(format));
    auto writer = SoundWriter::create(format, kRate);
    REQUIRE(writer);
    std::string file;
    std::size_t halfway = 0;
    for (std::size_t at = 0; at < samples.size(); at += 2400) {
      (*writer)->write(std::span(samples).subspan(at, 2400), file);
      if (at >= samples.size() / 2 && halfway == 0) halfway = file.size();
    }
    CHECK(halfway > 1000);  // it streams
    (*writer)->finish(file);
    const auto read = read_sound_file(file, 60);
    REQUIRE_MESSAGE(read, read.error().message);
    const double seconds = static_cast<double>(read->samples.size()) / read->rate_hz;
    CHECK(seconds > 1.95);
    CHECK(seconds < 2.15);
    CHECK(loudness(read->samples) == doctest::Approx(loudness(samples)).epsilon(0.1));
  }
}

TEST_CASE("raw samples are little-endian") {
  auto writer = SoundWriter::create(SoundFormat::pcm, kRate);
  std::string out;
  const std::vector<std::int16_t> samples = {1, -2};
  (*writer)->write(samples, out);
  (*writer)->finish(out);
  CHECK(out == std::string("\x01\x00\xfe\xff", 4));
}

TEST_CASE("what is no sound file, or too long, is refused") {
  const auto code = [](std::string_view bytes) {
    const auto read = read_sound_file(bytes, 1);
    return read ? "" : read.error().code;
  };
  CHECK(code("") == "invalid_sound");
  CHECK(code("just text") == "invalid_sound");
  CHECK(code(write_wav(tone(2 * kRate), kRate)) == "invalid_sound");
  CHECK(code(write_wav(tone(kRate / 2), kRate)).empty());
}

TEST_CASE("a file cut at any place is read as far as it goes, or refused") {
  for (const auto format : {SoundFormat::mp3, SoundFormat::opus, SoundFormat::flac}) {
    auto writer = SoundWriter::create(format, kRate);
    std::string file;
    (*writer)->write(tone(kRate / 4), file);
    (*writer)->finish(file);
    for (std::size_t length = 0; length < file.size(); length += 97) {
      const auto read = read_sound_file(std::string_view(file).substr(0, length), 60);
      CHECK((read || read.error().code == "invalid_sound"));
    }
  }
}

}  // namespace
}  // namespace parley::audio
