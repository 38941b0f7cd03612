// SPDX-License-Identifier: MIT
// How a voice ends. Pitch by autocorrelation at 4 kHz over the last 700 ms: a statement's falls,
// a hesitation's ("and uhhh") stays where it is, long and as loud as it began.
#include "turn/detail/voice_ending.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace parley::turn {
namespace {

constexpr std::size_t kDecimation = 4;
constexpr double kRateHz = 4000;
constexpr std::size_t kFrame = 160;  // 40 ms: two periods of 50 Hz
constexpr std::size_t kHop = 40;     // 10 ms
constexpr std::size_t kLagMin = 10;  // 400 Hz
constexpr std::size_t kLagMax = 60;  // 67 Hz
constexpr std::size_t kSamples = 2800;
constexpr std::size_t kFrames = (kSamples - kFrame) / kHop + 1;
constexpr double kVoicedMin = 0.6;      // of the autocorrelation at no lag
constexpr double kLoudnessSpanDb = 25;  // softer than the loudest by more: not voice
constexpr std::size_t kVoicedMinFrames = 8;
constexpr std::size_t kEndFrames = 40;
constexpr std::size_t kGapMax = 3;

struct Voiced {
  double semitones;
  double level_db;
  std::size_t frame;
};

struct Pitch {
  double strength;
  double lag;
};

Pitch pitch_of(const float* frame) {
  std::array<double, kLagMax + 2> likeness{};
  for (std::size_t lag = kLagMin - 1; lag <= kLagMax + 1; ++lag) {
    float sum = 0;
    float early = 1;
    float late = 1;
    for (std::size_t i = 0; i + lag < kFrame; ++i) {
      sum += frame[i] * frame[i + lag];
      early += frame[i] * frame[i];
      late += frame[i + lag] * frame[i + lag];
    }
    likeness[lag] = static_cast<double>(sum) / std::sqrt(static_cast<double>(early) * late);
  }
  const auto* best = std::max_element(likeness.data() + kLagMin, likeness.data() + kLagMax + 1);
  // The shortest lag nearly as good: twice the period is as alike as the period.
  for (auto lag = kLagMin; lag < static_cast<std::size_t>(best - likeness.data()); ++lag) {
    if (likeness[lag] > 0.9 * *best && likeness[lag] >= likeness[lag - 1] &&
        likeness[lag] >= likeness[lag + 1]) {
      best = &likeness[lag];
      break;
    }
  }
  const auto lag = static_cast<std::size_t>(best - likeness.data());
  const double bend = likeness[lag - 1] - 2 * likeness[lag] + likeness[lag + 1];
  const double shift =
      bend < -1e-9 ? std::clamp(0.5 * (likeness[lag - 1] - likeness[lag + 1]) / bend, -0.5, 0.5)
                   : 0;
  return {*best, static_cast<double>(lag) + shift};
}

// The rise of a straight line through the values, from first to last.
template <class Value>
double movement(std::span<const Voiced> run, Value value) {
  double mean_x = 0;
  double mean_y = 0;
  for (const auto& at : run) {
    mean_x += static_cast<double>(at.frame);
    mean_y += value(at);
  }
  mean_x /= static_cast<double>(run.size());
  mean_y /= static_cast<double>(run.size());
  double xy = 0;
  double xx = 0;
  for (const auto& at : run) {
    const double x = static_cast<double>(at.frame) - mean_x;
    xy += x * (value(at) - mean_y);
    xx += x * x;
  }
  return xx > 0 ? xy / xx * static_cast<double>(run.back().frame - run.front().frame) : 0;
}

}  // namespace

double voice_completeness(std::span<const std::int16_t> voice) {
  std::array<float, kSamples> slow{};
  const std::size_t count = std::min(voice.size() / kDecimation, kSamples);
  if (count < kFrame) return 0.5;
  voice = voice.last(count * kDecimation);
  for (std::size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < kDecimation; ++k) sum += voice[i * kDecimation + k];
    slow[i] = sum / kDecimation;
  }

  std::array<double, kFrames> levels{};
  const std::size_t frames = (count - kFrame) / kHop + 1;
  double loudest = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    double energy = 1;
    for (std::size_t i = 0; i < kFrame; ++i) {
      energy += static_cast<double>(slow[f * kHop + i]) * slow[f * kHop + i];
    }
    levels[f] = 10 * std::log10(energy / kFrame);
    loudest = std::max(loudest, levels[f]);
  }
  // The last voiced run, from its end to its beginning, over short gaps.
  std::array<Voiced, kFrames> run{};
  std::size_t voiced = 0;
  std::size_t gap = 0;
  for (std::size_t f = frames; f-- > 0 && voiced < kEndFrames;) {
    Pitch pitch{};
    if (levels[f] > loudest - kLoudnessSpanDb) pitch = pitch_of(slow.data() + f * kHop);
    if (pitch.strength >= kVoicedMin) {
      run[voiced++] = {12 * std::log2(kRateHz / pitch.lag / 100), levels[f], f};
      gap = 0;
    } else if (voiced >= kVoicedMinFrames && ++gap > kGapMax) {
      break;
    }
  }
  if (voiced < kVoicedMinFrames) return 0.5;
  const std::span<Voiced> ending(run.data(), voiced);
  std::ranges::reverse(ending);
  const double pitch = movement(ending, [](const Voiced& at) { return at.semitones; });
  const double level = movement(ending, [](const Voiced& at) { return at.level_db; });
  const bool steady = std::abs(pitch) < 1;
  if (steady && voiced >= 30 && level > -6) return 0.15;  // "uhhh"
  if (std::abs(pitch) > 14) return 0.5;                   // octave errors, not a voice
  if (pitch <= -2) return 0.8;
  if (pitch >= 2.5) return 0.65;  // a question, or a list that goes on
  if (level < -9) return 0.65;
  return steady ? 0.4 : 0.5;
}

}  // namespace parley::turn
