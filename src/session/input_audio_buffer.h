// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "audio/resampler.h"
#include "base/audio_format.h"
#include "base/time.h"
#include "turn/noise_reducer.h"

namespace parley::session {

// The audio a client has appended and nobody has committed yet, twice: as it came (for the item),
// and as engines hear it (16 kHz, noise-reduced when the session asks for that). Positions count
// heard samples since the session began; commits and clears do not reset them. Allocates nothing
// per frame once warm.
class InputAudioBuffer {
 public:
  explicit InputAudioBuffer(base::AudioFormat format);

  // Converts what is buffered when the rate changes, so nothing is lost.
  void set_format(base::AudioFormat format);
  void set_noise_reduction(std::optional<turn::NoiseField> field);

  // Takes whole samples in the current format.
  void append(std::span<const std::uint8_t> bytes);

  // The next block of heard audio that was not taken yet, at most `kBlockSamples`; empty when there
  // is none. Valid until the next non-const call.
  static constexpr std::size_t kBlockSamples = 320;  // 20 ms
  std::span<const std::int16_t> take_block();
  // Where the next block begins: everything before has been listened to.
  base::AudioTime listened() const { return {begin_ + static_cast<std::int64_t>(taken_)}; }

  base::AudioTime begin() const { return {begin_}; }
  base::AudioTime end() const { return {begin_ + static_cast<std::int64_t>(heard_.size())}; }
  // Buffered audio in ms, as it came (a little more than what was heard: the resampler's delay).
  double buffered_ms() const;
  base::AudioFormat format() const { return format_; }

  std::span<const std::int16_t> heard(base::AudioTime from, base::AudioTime to) const;

  // Removes [begin, to) and returns the part from `from` on as it came, encoded in the format.
  std::vector<std::uint8_t> cut(base::AudioTime from, base::AudioTime to);
  void drop_before(base::AudioTime position);
  void clear();

 private:
  std::size_t original_index(base::AudioTime position) const;

  base::AudioFormat format_;
  audio::Resampler to_heard_;
  std::unique_ptr<turn::NoiseReducer> noise_reducer_;
  std::vector<std::int16_t> original_;   // at format_.rate_hz, from begin_ on
  std::vector<std::int16_t> heard_;      // at 16 kHz, from begin_ on
  std::vector<std::int16_t> unreduced_;  // heard audio that waits for a whole noise-reduction frame
  std::vector<std::int16_t> decoded_;    // scratch
  std::int64_t begin_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace parley::session
