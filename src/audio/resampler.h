// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace parley::audio {

// Streaming sample-rate conversion, mono signed 16-bit, without block lag: every input sample has
// had its effect when process() returns, but for the filter's own delay (1–3 ms), which is removed
// at the start so that positions agree: output sample n stands at n / rate_out seconds.
// Equal rates copy. One stream, one thread; allocates nothing once warm.
// Built on speexdsp (quality 5): docs/decisions/ has the measurements that chose it.
class Resampler {
 public:
  Resampler(int rate_in_hz, int rate_out_hz);  // 8000..48000 each
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  // Appends the converted samples to `out`.
  void process(std::span<const std::int16_t> in, std::vector<std::int16_t>& out);
  // The stream ends: appends what the filter still holds, so that the total length is
  // round(input length * rate_out / rate_in) within one sample; then starts anew.
  void flush(std::vector<std::int16_t>& out);
  void reset();

  int rate_in_hz() const;
  int rate_out_hz() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::audio
