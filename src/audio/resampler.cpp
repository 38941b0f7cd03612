// SPDX-License-Identifier: MIT
// The resampler: speexdsp's, with its delay skipped at the start and paid back at the end.
#include "audio/resampler.h"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <new>

#include "base/assert.h"

namespace parley::audio {
namespace {

constexpr int kQuality = 5;
constexpr int kRateMinHz = 8000;
constexpr int kRateMaxHz = 48000;
constexpr std::size_t kPieceSamplesMax = 1 << 16;  // keeps speexdsp's 32-bit counts far away

struct SpeexDestroy {
  void operator()(SpeexResamplerState* speex) const { speex_resampler_destroy(speex); }
};

}  // namespace

struct Resampler::State {
  int rate_in_hz;
  int rate_out_hz;
  std::unique_ptr<SpeexResamplerState, SpeexDestroy> speex;  // none for equal rates
  std::int64_t taken = 0;                                    // samples in, since the stream began
  std::int64_t given = 0;                                    // samples out

  // Converts all of `in`, but gives no more than `given_max` in all.
  void convert(std::span<const std::int16_t> in, std::vector<std::int16_t>& out,
               std::int64_t given_max);
};

void Resampler::State::convert(std::span<const std::int16_t> in, std::vector<std::int16_t>& out,
                               std::int64_t given_max) {
  while (!in.empty() && given < given_max) {
    const auto piece = in.first(std::min(in.size(), kPieceSamplesMax));
    // One more than the most it can give: with no room left it would leave input behind.
    const auto room = static_cast<std::int64_t>(piece.size()) * rate_out_hz / rate_in_hz + 2;
    auto in_count = static_cast<spx_uint32_t>(piece.size());
    auto out_count = static_cast<spx_uint32_t>(std::min(room, given_max - given));
    const std::size_t size_before = out.size();
    out.resize(size_before + out_count);
    const int error = speex_resampler_process_int(speex.get(), 0, piece.data(), &in_count,
                                                  out.data() + size_before, &out_count);
    PARLEY_ASSERT(error == RESAMPLER_ERR_SUCCESS);
    out.resize(size_before + out_count);
    given += out_count;
    in = in.subspan(in_count);
  }
}

Resampler::Resampler(int rate_in_hz, int rate_out_hz)
    : state_(std::make_unique<State>(State{rate_in_hz, rate_out_hz, nullptr})) {
  PARLEY_ASSERT(rate_in_hz >= kRateMinHz && rate_in_hz <= kRateMaxHz);
  PARLEY_ASSERT(rate_out_hz >= kRateMinHz && rate_out_hz <= kRateMaxHz);
  if (rate_in_hz == rate_out_hz) {
    return;
  }
  state_->speex.reset(speex_resampler_init(1, static_cast<spx_uint32_t>(rate_in_hz),
                                           static_cast<spx_uint32_t>(rate_out_hz), kQuality,
                                           nullptr));
  if (state_->speex == nullptr) {
    throw std::bad_alloc();
  }
  speex_resampler_skip_zeros(state_->speex.get());
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::process(std::span<const std::int16_t> in, std::vector<std::int16_t>& out) {
  if (state_->speex == nullptr) {
    out.insert(out.end(), in.begin(), in.end());
    return;
  }
  state_->taken += static_cast<std::int64_t>(in.size());
  state_->convert(in, out, std::numeric_limits<std::int64_t>::max());
}

void Resampler::flush(std::vector<std::int16_t>& out) {
  if (state_->speex == nullptr) {
    return;
  }
  static constexpr std::array<std::int16_t, 256> kSilence{};
  const std::int64_t total =
      (state_->taken * state_->rate_out_hz + state_->rate_in_hz / 2) / state_->rate_in_hz;
  while (state_->given < total) {
    state_->convert(kSilence, out, total);
  }
  reset();
}

void Resampler::reset() {
  if (state_->speex == nullptr) {
    return;
  }
  speex_resampler_reset_mem(state_->speex.get());
  speex_resampler_skip_zeros(state_->speex.get());
  state_->taken = 0;
  state_->given = 0;
}

int Resampler::rate_in_hz() const { return state_->rate_in_hz; }
int Resampler::rate_out_hz() const { return state_->rate_out_hz; }

}  // namespace parley::audio
