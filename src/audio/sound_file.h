// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Whole sound files in memory, in the formats that people upload and ask for (libsndfile; LAME
// writes MP3).
namespace parley::audio {

struct Recording {
  int rate_hz = 0;
  std::vector<std::int16_t> samples;  // mono; several channels are averaged
};

// WAV, FLAC, MP3, Ogg (Opus, Vorbis), AIFF and AU. Takes time: not for an event loop.
// Errors: code "invalid_sound", saying what is wrong.
base::Result<Recording> read_sound_file(std::string_view bytes, double seconds_max);

enum class SoundFormat : std::uint8_t { pcm, wav, mp3, opus, flac };

// Writes a sound file piece by piece, so that it can be sent while it is made. One thread. The
// sizes in a streamed WAV's header are the largest there are, as streams write them.
class SoundWriter {
 public:
  // 16-bit mono at `rate_hz`: 8000, 12000, 16000, 24000 or 48000.
  static base::Result<std::unique_ptr<SoundWriter>> create(SoundFormat format, int rate_hz);
  virtual ~SoundWriter() = default;

  // Appends to `out` what is ready of the file.
  virtual void write(std::span<const std::int16_t> samples, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
};

}  // namespace parley::audio
