// SPDX-License-Identifier: MIT
// WebM files are read back by ffmpeg: a reader that nobody here wrote.
#include "audio/webm_opus.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace parley::audio {
namespace {

namespace fs = std::filesystem;

constexpr int kRate = 16000;

std::vector<std::int16_t> tone(std::size_t samples, int rate = kRate) {
  std::vector<std::int16_t> out;
  for (std::size_t i = 0; i < samples; ++i) {
    const double at = static_cast<double>(i) / rate;
    out.push_back(static_cast<std::int16_t>(8000 * std::sin(2 * 3.14159265 * 440 * at)));
  }
  return out;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What a player hears of the file: mono samples at kRate.
std::vector<std::int16_t> played(const std::string& file) {
  std::string pattern = (fs::temp_directory_path() / "parley-webm-XXXXXX").string();
  const fs::path directory = ::mkdtemp(pattern.data());
  std::ofstream(directory / "in.webm", std::ios::binary) << file;
  // Anything that it finds wrong with the file is an error.
  const std::string command = "cd '" + directory.string() +
                              "' && ffmpeg -hide_banner -loglevel warning -xerror -err_detect "
                              "explode -i in.webm -f s16le -ac 1 -ar " +
                              std::to_string(kRate) + " out.raw 2>log";
  const int status = std::system(command.c_str());
  CHECK(status == 0);
  CHECK(read_file(directory / "log").empty());
  const std::string raw = read_file(directory / "out.raw");
  fs::remove_all(directory);
  std::vector<std::int16_t> samples;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
    samples.push_back(static_cast<std::int16_t>(static_cast<unsigned char>(raw[i]) |
                                                static_cast<unsigned char>(raw[i + 1]) << 8U));
  }
  return samples;
}

double loudness(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample) * sample;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1)));
}

std::unique_ptr<WebmOpusWriter> make(int rate = kRate) {
  auto made = WebmOpusWriter::create(rate);
  REQUIRE(made);
  return std::move(*made);
}

TEST_CASE("a file holds the speech to the last sample, whatever its length") {
  for (const std::size_t samples : {1600U, 1601U, 4799U, 16000U, 200'003U}) {
    CAPTURE(samples);
    const auto writer = make();
    const auto sound = tone(samples);
    writer->write(sound);
    const auto heard = played(writer->file());
    // ffmpeg's resampler may round by a sample.
    CHECK(std::abs(static_cast<double>(heard.size()) - static_cast<double>(samples)) <= 1);
    CHECK(loudness(heard) == doctest::Approx(loudness(sound)).epsilon(0.1));
    // Its last tenth is as loud as the rest: nothing was cut off or left to fade.
    const std::size_t tenth = heard.size() / 10;
    CHECK(loudness(std::span(heard).last(tenth)) == doctest::Approx(loudness(sound)).epsilon(0.25));
  }
}

TEST_CASE("the sound is where it was: neither early nor late") {
  const auto writer = make();
  std::vector<std::int16_t> sound(8000, 0);
  const auto burst = tone(4000);
  sound.insert(sound.end(), burst.begin(), burst.end());
  sound.insert(sound.end(), 4000, 0);
  writer->write(sound);
  const auto heard = played(writer->file());
  const auto loud = [](std::int16_t sample) { return std::abs(sample) > 2000; };
  const auto first = std::find_if(heard.begin(), heard.end(), loud) - heard.begin();
  const auto last = heard.rend() - std::find_if(heard.rbegin(), heard.rend(), loud);
  CHECK(std::abs(first - 8000) < 48);  // 3 ms
  CHECK(std::abs(last - 12000) < 48);
}

TEST_CASE("pieces of any size give the same sound, and a file in between changes nothing") {
  const auto sound = tone(12'345);
  const auto whole = make();
  whole->write(sound);
  const std::string expected = whole->file();
  for (const std::size_t step : {1U, 7U, 319U, 320U, 321U, 5000U}) {
    CAPTURE(step);
    const auto writer = make();
    for (std::size_t at = 0; at < sound.size(); at += step) {
      writer->write(std::span(sound).subspan(at, std::min(step, sound.size() - at)));
      if (at == 10 * step) CHECK(writer->file().size() < expected.size());
    }
    CHECK(writer->file() == expected);
    CHECK(writer->file() == expected);  // asking changes nothing
  }
}

TEST_CASE("it is small: about 32 kbit/s") {
  const auto writer = make();
  writer->write(tone(60 * kRate));
  CHECK(writer->file().size() < 60 * 4000 * 5 / 4);
}

TEST_CASE("a file of nothing is still a file, and the rates of Opus are taken") {
  CHECK(make()->file().substr(0, 4) == "\x1a\x45\xdf\xa3");
  for (const int rate : {8000, 12000, 16000, 24000, 48000}) {
    CAPTURE(rate);
    const auto writer = make(rate);
    writer->write(tone(static_cast<std::size_t>(rate), rate));
    CHECK(std::abs(static_cast<double>(played(writer->file()).size()) - kRate) <= 2);
  }
  CHECK_FALSE(WebmOpusWriter::create(44100).has_value());
}

}  // namespace
}  // namespace parley::audio
