// SPDX-License-Identifier: MIT
// What one audio frame costs between socket and turn detector. Each line: the median and the spread
// (median absolute deviation) over repeated runs, in nanoseconds per operation.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audio/codec.h"
#include "audio/detail/base64_kernels.h"
#include "audio/resampler.h"
#include "base/random.h"
#include "turn/noise_reducer.h"
#include "turn/turn_detector.h"

namespace {

using namespace parley;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 31;
constexpr std::chrono::milliseconds kRunLength{10};

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double nanoseconds_of(const std::function<void()>& operation, int repeats) {
  const auto begin = Clock::now();
  for (int i = 0; i < repeats; ++i) {
    operation();
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / repeats;
}

// `filter`: part of the name, empty for all.
void measure(std::string_view filter, const char* name, const std::function<void()>& operation) {
  if (std::string_view(name).find(filter) == std::string_view::npos) {
    return;
  }
  int repeats = 1;  // also the warm-up
  while (nanoseconds_of(operation, repeats) * repeats <
         std::chrono::duration<double, std::nano>(kRunLength).count()) {
    repeats *= 2;
  }
  std::vector<double> runs(kRuns);
  std::ranges::generate(runs, [&] { return nanoseconds_of(operation, repeats); });
  const double middle = median(runs);
  std::ranges::transform(runs, runs.begin(), [middle](double ns) { return std::abs(ns - middle); });
  std::printf("%-44s %9.1f ns  ± %.1f\n", name, middle, median(runs));
}

// 20 ms with sound in it: a tone in noise.
std::vector<std::int16_t> frame(int rate_hz, double level) {
  base::Random random(1);
  std::vector<std::int16_t> samples(static_cast<std::size_t>(rate_hz) / 50);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double noise = static_cast<double>(random.below(2001)) / 1000 - 1;
    samples[i] = static_cast<std::int16_t>(
        level * (0.8 * std::sin(0.1 * static_cast<double>(i)) + 0.2 * noise));
  }
  return samples;
}

void measure_base64(std::string_view filter, audio::detail::Base64Kernel kernel, const char* decode,
                    const char* encode) {
  std::vector<std::uint8_t> bytes;
  audio::encode(base::AudioEncoding::pcm16, frame(24000, 8000), bytes);
  std::string text;
  audio::detail::base64_encode(kernel, bytes, text);
  std::vector<std::uint8_t> decoded;
  measure(filter, decode, [&] {
    decoded.clear();
    audio::detail::base64_decode(kernel, text, decoded);
  });
  measure(filter, encode, [&] {
    text.clear();
    audio::detail::base64_encode(kernel, bytes, text);
  });
}

void measure_codec(std::string_view filter, base::AudioEncoding encoding, const char* decode,
                   const char* encode) {
  const auto samples = frame(8000, 8000);
  std::vector<std::uint8_t> bytes;
  audio::encode(encoding, samples, bytes);
  std::vector<std::int16_t> decoded;
  measure(filter, decode, [&] {
    decoded.clear();
    audio::decode(encoding, bytes, decoded);
  });
  measure(filter, encode, [&] {
    bytes.clear();
    audio::encode(encoding, samples, bytes);
  });
}

void measure_resampler(std::string_view filter, int rate_in_hz, int rate_out_hz, const char* name) {
  const auto in = frame(rate_in_hz, 8000);
  std::vector<std::int16_t> out;
  audio::Resampler resampler(rate_in_hz, rate_out_hz);
  measure(filter, name, [&] {
    out.clear();
    resampler.process(in, out);
  });
}

void measure_vad(std::string_view filter, turn::VadKind kind, double level, const char* name) {
  const auto samples = frame(turn::kVadRateHz, level);
  const auto vad = turn::make_vad({.kind = kind});
  const auto ten_ms = std::span(samples).first(static_cast<std::size_t>(vad->frame_samples()));
  measure(filter, name, [&] { vad->analyse(ten_ms); });
}

void measure_turn(std::string_view filter) {
  const auto samples = frame(turn::kVadRateHz, 8000);
  std::vector<turn::TurnEvent> events;
  turn::TurnDetector detector(turn::make_vad({}), {});
  measure(filter, "turn detector (webrtc), 20 ms", [&] {
    events.clear();
    detector.push(samples, events);
  });
  turn::NoiseReducer reducer(turn::NoiseField::near);
  auto reduced = samples;
  measure(filter, "noise reduction, 20 ms", [&] {
    std::ranges::copy(samples, reduced.begin());
    reducer.process(reduced);
  });
}

}  // namespace

// audio_bench [part of a name]
int main(int argc, char** argv) {
  const std::string_view filter = argc > 1 ? argv[1] : "";
  using audio::detail::Base64Kernel;
  using base::AudioEncoding;
  measure_base64(filter, Base64Kernel::scalar, "base64 decode 1280 chars, scalar",
                 "base64 encode 960 bytes, scalar");
  if (audio::detail::avx2_available()) {
    measure_base64(filter, Base64Kernel::avx2, "base64 decode 1280 chars, avx2",
                   "base64 encode 960 bytes, avx2");
  }
  measure_codec(filter, AudioEncoding::g711_ulaw, "µ-law decode 160 samples",
                "µ-law encode 160 samples");
  measure_codec(filter, AudioEncoding::g711_alaw, "A-law decode 160 samples",
                "A-law encode 160 samples");
  measure_resampler(filter, 24000, 16000, "resample 24 to 16 kHz, 20 ms");
  measure_resampler(filter, 16000, 24000, "resample 16 to 24 kHz, 20 ms");
  measure_resampler(filter, 8000, 16000, "resample 8 to 16 kHz, 20 ms");
  measure_resampler(filter, 24000, 8000, "resample 24 to 8 kHz, 20 ms");
  measure_vad(filter, turn::VadKind::energy, 8000, "energy vad, 10 ms");
  measure_vad(filter, turn::VadKind::webrtc, 8000, "webrtc vad, 10 ms");
  measure_vad(filter, turn::VadKind::webrtc, 10, "webrtc vad, 10 ms of near-silence");
  measure_turn(filter);
  return EXIT_SUCCESS;
}
