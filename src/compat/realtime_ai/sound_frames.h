// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace parley::compat {

// The binary messages of realtime-ai's page: [u32 LE time][u32 LE flags][PCM16 LE mono]. Time
// counts milliseconds since 1970, modulo 2^32; the flags (an energy, silence, first) are hints that
// nobody needs.
//
// The page sends only 53 to 58 of a hundred samples that its microphone gave: each message is
// followed by a hole. Holes are mended by the message's time: with the samples before them played
// backwards, which keeps a voice going, or with silence where they are long. One stream, one
// thread.
class SoundFrames {
 public:
  explicit SoundFrames(int rate_hz) : rate_hz_(rate_hz) {}

  // Shorter messages hold no sound.
  static constexpr std::size_t kBytesMin = 10;

  // The samples of a message with what was missing before them; nullopt: it is too short. Borrowed
  // until the next call.
  const std::vector<std::int16_t>* take(std::string_view message);
  void reset();  // the next message begins a stream

 private:
  void mend(std::int64_t missing);

  const int rate_hz_;
  std::vector<std::int16_t> samples_;  // of this message
  std::vector<std::int16_t> last_;     // of the one before
  std::optional<std::uint32_t> last_time_;
};

}  // namespace parley::compat
