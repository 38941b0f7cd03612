// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "audio/sound_file.h"
#include "base/result.h"

namespace parley::audio {

// Compressed sound that arrives bit by bit, as samples: MP3 (libmpg123), Ogg Opus (libogg and
// libopus; several streams in a row are one sound) and FLAC (libsndfile, once it is whole). Pure
// but for its state; what comes out does not depend on how the stream is cut. Several channels are
// mixed to one. One thread. Errors: code "invalid_sound", saying what is wrong; the decoder is
// unusable then.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;

  // Appends the samples that are now known.
  virtual base::Result<void> push(std::string_view bytes, std::vector<std::int16_t>& out) = 0;
  // The stream is over. What was held back comes now.
  virtual base::Result<void> finish(std::vector<std::int16_t>& out) = 0;
  // Of all samples; 0 until the first of them came.
  virtual int rate_hz() const = 0;
};

// Which of these formats begins like that; needs four bytes.
std::optional<SoundFormat> compressed_format_of(std::string_view beginning);

// For mp3, opus and flac.
std::unique_ptr<StreamDecoder> make_stream_decoder(SoundFormat format);

}  // namespace parley::audio
