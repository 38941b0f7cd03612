// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/audio_format.h"

namespace parley::compat {

// Puts a stream's pieces of sound into the order of their timestamps. One that is ahead waits until
// 60 ms have come after the gap; then silence, at most 5 s, stands for what is missing. What comes
// later than that, or twice, is dropped. A clock that jumps back by a second and more began anew.
class MediaOrder {
 public:
  explicit MediaOrder(base::AudioFormat format = {base::AudioEncoding::g711_ulaw, 8000})
      : format_(format) {}

  // Appends to `out` what can be heard now, in the stream's format. `timestamp_ms` is that of the
  // first sample; a piece without one goes where it stands.
  void push(std::span<const std::uint8_t> audio, std::optional<std::int64_t> timestamp_ms,
            std::vector<std::uint8_t>& out);

 private:
  std::int64_t ms(std::size_t bytes) const;
  void take(std::span<const std::uint8_t> audio, std::int64_t at_ms,
            std::vector<std::uint8_t>& out);
  void take_waiting(bool over_gaps, std::vector<std::uint8_t>& out);

  base::AudioFormat format_;
  std::optional<std::int64_t> next_ms_;  // where the next piece should begin
  std::map<std::int64_t, std::vector<std::uint8_t>> waiting_;
  std::int64_t waiting_ms_ = 0;
};

// The byte of silence.
std::uint8_t silence_of(base::AudioEncoding encoding);

}  // namespace parley::compat
