// SPDX-License-Identifier: MIT
// The resampler's promises: sound stays the same, lengths are exact, positions agree, and it does
// not matter how the stream is cut.
#include "audio/resampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "base/assert.h"
#include "base/random.h"

namespace parley::audio {
namespace {

using Samples = std::vector<std::int16_t>;

struct Rates {
  int in_hz;
  int out_hz;
};

constexpr Rates kRates[] = {{24000, 16000}, {16000, 24000}, {8000, 16000},  {8000, 24000},
                            {24000, 8000},  {48000, 24000}, {24000, 48000}, {44100, 16000},
                            {22050, 24000}, {11025, 48000}, {48000, 8000},  {16000, 16000}};

Samples sine(double frequency_hz, int rate_hz, std::size_t count, double amplitude = 16000) {
  Samples samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / rate_hz;
    samples[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase)));
  }
  return samples;
}

Samples noise(std::size_t count) {
  base::Random random(7);
  Samples samples(count);
  for (auto& sample : samples) {
    sample = static_cast<std::int16_t>(static_cast<int>(random.below(40001)) - 20000);
  }
  return samples;
}

Samples resampled(Resampler& resampler, const Samples& in, std::size_t chunk) {
  Samples out;
  for (std::size_t at = 0; at < in.size(); at += chunk) {
    resampler.process(std::span(in).subspan(at, std::min(chunk, in.size() - at)), out);
  }
  resampler.flush(out);
  return out;
}

Samples resampled(Rates rates, const Samples& in, std::size_t chunk = 480) {
  Resampler resampler(rates.in_hz, rates.out_hz);
  return resampled(resampler, in, chunk);
}

// How far `samples` are from the very sine they should be, phase included, in dB; the edges, where
// the sine starts and stops at once, are left out.
double snr_db(const Samples& samples, double frequency_hz, int rate_hz) {
  const Samples ideal = sine(frequency_hz, rate_hz, samples.size());
  const auto edge = static_cast<std::size_t>(rate_hz) / 50;
  double signal = 0;
  double error = 1e-9;
  for (std::size_t i = edge; i + edge < samples.size(); ++i) {
    signal += std::pow(ideal[i], 2);
    error += std::pow(ideal[i] - samples[i], 2);
  }
  return 10 * std::log10(signal / error);
}

TEST_CASE("a sine keeps its frequency, level and phase at every pair of rates") {
  for (const Rates rates : kRates) {
    CAPTURE(rates.in_hz);
    CAPTURE(rates.out_hz);
    for (const double frequency_hz : {200.0, 1000.0, 3000.0}) {
      CAPTURE(frequency_hz);
      const auto seconds_half = static_cast<std::size_t>(rates.in_hz) / 2;
      const Samples out = resampled(rates, sine(frequency_hz, rates.in_hz, seconds_half));
      CHECK(snr_db(out, frequency_hz, rates.out_hz) > 70);
    }
  }
}

TEST_CASE("what the lower rate cannot carry is gone, not folded back") {
  const Samples out = resampled({24000, 16000}, sine(10500, 24000, 24000));
  const auto loudest = *std::max_element(out.begin() + 400, out.end() - 400);
  CHECK(loudest <= 2);
}

TEST_CASE("the total length is exact at every pair of rates, however short the stream") {
  for (const Rates rates : kRates) {
    for (const std::size_t count : {0, 1, 2, 3, 5, 7, 100, 441, 1000, 4801, 24001}) {
      CAPTURE(rates.in_hz);
      CAPTURE(rates.out_hz);
      CAPTURE(count);
      const auto exact = static_cast<double>(count) * rates.out_hz / rates.in_hz;
      CHECK(resampled(rates, noise(count)).size() ==
            static_cast<std::size_t>(std::floor(exact + 0.5)));
    }
  }
}

TEST_CASE("the output is the same however the stream is cut") {
  for (const Rates rates : kRates) {
    const Samples in = noise(9000);
    const Samples whole = resampled(rates, in, in.size());
    for (const std::size_t chunk : {1, 7, 160, 441, 480, 4000}) {
      CAPTURE(rates.in_hz);
      CAPTURE(rates.out_hz);
      CAPTURE(chunk);
      CHECK((resampled(rates, in, chunk) == whole));
    }
  }
}

TEST_CASE("an impulse stays where it was in time") {
  for (const Rates rates : kRates) {
    Samples in(static_cast<std::size_t>(rates.in_hz));
    const auto at = static_cast<std::size_t>(rates.in_hz) / 4;
    in[at] = 30000;
    const Samples out = resampled(rates, in);
    const auto peak = std::max_element(out.begin(), out.end()) - out.begin();
    const double expected = static_cast<double>(at) * rates.out_hz / rates.in_hz;
    CAPTURE(rates.in_hz);
    CAPTURE(rates.out_hz);
    CHECK(std::abs(static_cast<double>(peak) - expected) <= 1);
  }
}

TEST_CASE("the output lags by no more than the filter") {
  for (const Rates rates : kRates) {
    Resampler resampler(rates.in_hz, rates.out_hz);
    Samples out;
    resampler.process(noise(static_cast<std::size_t>(rates.in_hz)), out);
    CAPTURE(rates.in_hz);
    CAPTURE(rates.out_hz);
    const auto behind = static_cast<double>(rates.out_hz) - static_cast<double>(out.size());
    CHECK(behind * 1000 / rates.out_hz <= 5.1);  // ms
  }
}

TEST_CASE("a flushed or reset resampler starts anew") {
  const Samples in = noise(3000);
  for (const Rates rates : kRates) {
    Resampler resampler(rates.in_hz, rates.out_hz);
    const Samples first = resampled(resampler, in, 480);
    CHECK((resampled(resampler, in, 480) == first));
    Samples dropped;
    resampler.process(noise(1234), dropped);
    resampler.reset();
    CHECK((resampled(resampler, in, 480) == first));
  }
}

TEST_CASE("equal rates copy at once") {
  Resampler resampler(24000, 24000);
  const Samples in = noise(321);
  Samples out = {9};
  resampler.process(in, out);
  CHECK(out.size() == 322);
  resampler.flush(out);
  CHECK((Samples(out.begin() + 1, out.end()) == in));
}

TEST_CASE("full-scale sound does not wrap around") {
  const Samples out = resampled({24000, 16000}, Samples(4800, 32767));
  CHECK(*std::min_element(out.begin(), out.end()) > -2000);  // the ripple at the edges
}

TEST_CASE("a resampler can be moved and tells its rates") {
  Resampler first(8000, 24000);
  Resampler second = std::move(first);
  CHECK(second.rate_in_hz() == 8000);
  CHECK(second.rate_out_hz() == 24000);
  first = Resampler(16000, 8000);
  CHECK(first.rate_out_hz() == 8000);
}

TEST_CASE("rates outside 8 to 48 kHz are the caller's mistake") {
  CHECK_THROWS_AS(Resampler(7999, 16000), base::InvariantBroken);
  CHECK_THROWS_AS(Resampler(16000, 96000), base::InvariantBroken);
}

}  // namespace
}  // namespace parley::audio
