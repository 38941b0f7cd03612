// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace parley::compat {

// The binary messages of realtime-ai's page: [u32 LE time][u32 LE flags][PCM16 LE mono]. Time
// counts milliseconds since 1970, modulo 2^32; the flags (an energy, silence, first) are hints that
// nobody needs.
//
// The page sends only 53 to 58 of a hundred samples that its microphone gave: each message is
// followed by a hole. Holes are mended by the messages' time, or by their arrival where that time
// is no clock: with the samples before them played backwards, which keeps a voice going, or with
// silence where they are long. A stream that is whole is left alone, however unevenly it comes. One
// stream, one thread.
class SoundFrames {
 public:
  explicit SoundFrames(int rate_hz) : rate_hz_(rate_hz) {}

  // Shorter messages hold no sound.
  static constexpr std::size_t kBytesMin = 10;

  // The samples of a message with what was missing before them; nullptr: it is too short. Borrowed
  // until the next call.
  const std::vector<std::int16_t>* take(std::string_view message, base::Instant arrived);
  void reset();  // the next message begins a stream

 private:
  std::int64_t elapsed_samples(std::uint32_t time, base::Instant arrived) const;
  void note(std::int64_t elapsed);
  bool has_holes() const;
  void mend(std::int64_t missing);

  const int rate_hz_;
  std::vector<std::int16_t> samples_;  // of this message
  std::vector<std::int16_t> last_;     // of the one before
  std::optional<std::uint32_t> last_time_;
  base::Instant last_arrived_;
  std::int64_t missing_ = 0;  // samples that the clock counted and nobody sent; negative: ahead
  // Of the last messages: did each hold less than nine tenths of the time up to the next?
  std::array<bool, 5> short_{};
  std::size_t noted_ = 0;
};

}  // namespace parley::compat
