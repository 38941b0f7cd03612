// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace parley::audio {

// Speech as a WebM file with one mono Opus track (RFC 6716 in Matroska; codec mapping
// https://wiki.xiph.org/MatroskaOpus), as browsers record it. Encodes as the samples come (about
// 0.1 ms of work per 20 ms frame, libopus), so that a file is there at once when one is wanted, and
// another one later with more in it. One thread. Memory: the packets, 4 kB per second at 32 kbit/s.
class WebmOpusWriter {
 public:
  static constexpr int kBitsPerSecond = 32000;

  // 8000, 12000, 16000, 24000 or 48000 Hz. Errors: code "invalid_sound".
  static base::Result<std::unique_ptr<WebmOpusWriter>> create(int rate_hz);
  virtual ~WebmOpusWriter() = default;

  // More mono samples.
  virtual void write(std::span<const std::int16_t> samples) = 0;
  // The file of all samples so far, to the last one. Writing may go on afterwards.
  virtual std::string file() const = 0;
};

}  // namespace parley::audio
