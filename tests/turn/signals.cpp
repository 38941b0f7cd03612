// SPDX-License-Identifier: MIT
#include "tests/turn/signals.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "turn/vad.h"

namespace parley::test {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

std::size_t count_of(int milliseconds) {
  return static_cast<std::size_t>(milliseconds) * turn::kVadRateHz / 1000;
}

double seconds_of(std::size_t index) { return static_cast<double>(index) / turn::kVadRateHz; }

Samples scaled(const std::vector<double>& wave, double level_dbfs) {
  double power = 0;
  for (const double value : wave) {
    power += value * value / static_cast<double>(wave.size());
  }
  const double gain = 32768 * std::pow(10, level_dbfs / 20) / std::sqrt(std::max(power, 1e-12));
  Samples samples(wave.size());
  std::ranges::transform(wave, samples.begin(), [gain](double value) {
    return static_cast<std::int16_t>(std::lround(std::clamp(gain * value, -32768.0, 32767.0)));
  });
  return samples;
}

}  // namespace

Samples silence(int milliseconds) { return Samples(count_of(milliseconds)); }

Samples noise(int milliseconds, double level_dbfs) {
  base::Random random(11);
  std::vector<double> wave(count_of(milliseconds));
  for (double& value : wave) {
    // Twelve uniform ones make a normal one, near enough.
    value = -6;
    for (int i = 0; i < 12; ++i) {
      value += static_cast<double>(random.next() >> 11) * 0x1p-53;
    }
  }
  return scaled(wave, level_dbfs);
}

Samples sine(int milliseconds, double frequency_hz, double level_dbfs) {
  std::vector<double> wave(count_of(milliseconds));
  for (std::size_t i = 0; i < wave.size(); ++i) {
    wave[i] = std::sin(kTwoPi * frequency_hz * seconds_of(i));
  }
  return scaled(wave, level_dbfs);
}

Samples voice(int milliseconds, double level_dbfs) {
  constexpr double kPitchHz = 150;
  constexpr double kFormantsHz[] = {600, 1400, 2600};
  std::vector<double> wave(count_of(milliseconds));
  for (std::size_t i = 0; i < wave.size(); ++i) {
    const double t = seconds_of(i);
    for (int harmonic = 1; harmonic * kPitchHz < 4000; ++harmonic) {
      double weight = 0.05;
      for (const double formant_hz : kFormantsHz) {
        weight += std::exp(-std::pow((harmonic * kPitchHz - formant_hz) / 150, 2));
      }
      wave[i] += weight / std::sqrt(harmonic) * std::sin(kTwoPi * harmonic * kPitchHz * t);
    }
    wave[i] *= 1 + 0.5 * std::sin(kTwoPi * 4 * t);
  }
  return scaled(wave, level_dbfs);
}

Samples click(int milliseconds) {
  Samples samples = silence(milliseconds);
  const std::size_t middle = samples.size() / 2;
  for (std::size_t i = 0; i < count_of(2); ++i) {
    samples[middle + i] = i % 8 < 4 ? 32767 : -32768;
  }
  return samples;
}

Samples knock(int milliseconds, double peak_dbfs) {
  constexpr double kDecaySeconds = 0.015;
  const double peak = 32768 * std::pow(10, peak_dbfs / 20);
  Samples samples(count_of(milliseconds));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = seconds_of(i);
    const double tones = std::sin(kTwoPi * 240 * t) + std::sin(kTwoPi * 610 * t);
    const double value = peak / 2 * std::exp(-t / kDecaySeconds) * tones;
    samples[i] = static_cast<std::int16_t>(std::lround(value));
  }
  return samples;
}

Samples operator+(Samples first, const Samples& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Samples mixed(const Samples& first, const Samples& second) {
  Samples sum(std::max(first.size(), second.size()));
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const int value = (i < first.size() ? first[i] : 0) + (i < second.size() ? second[i] : 0);
    sum[i] = static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
  }
  return sum;
}

double level_dbfs(const Samples& samples) {
  double power = 0;
  for (const double value : samples) {
    power += value * value / static_cast<double>(samples.size());
  }
  return 10 * std::log10(power / (32768.0 * 32768.0) + 1e-12);
}

}  // namespace parley::test
