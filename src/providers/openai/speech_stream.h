// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "audio/stream_decoder.h"
#include "base/result.h"
#include "engine/types.h"

namespace parley::providers::openai {

// The body of a speech answer, cut anywhere, as samples: raw PCM (16 bit, little endian, mono), a
// WAV or, where it was asked for, compressed sound (MP3, Ogg Opus, FLAC), told apart by the first
// bytes, because servers send WAV for pcm and the other way round. A streamed WAV's sizes are not
// believed; several WAVs in a row are one sound. Pure; one answer. Errors: code "invalid_sound",
// the message fits behind the engine's name.
class SpeechStream {
 public:
  explicit SpeechStream(int pcm_rate_hz, bool may_be_compressed = false)
      : rate_hz_(pcm_rate_hz), may_be_compressed_(may_be_compressed) {}

  // What is now whole; may hold no samples. After an error the stream is unusable.
  base::Result<engine::TtsAudio> push(std::string_view bytes);
  // The body is over. What was held back comes now; an error when there was no sound at all.
  base::Result<engine::TtsAudio> finish();

 private:
  enum class State : std::uint8_t {
    start,
    pcm,
    wav_header,
    wav_data,
    wav_after,
    compressed,
    ignored
  };

  base::Result<void> advance(bool over, engine::TtsAudio& sound);
  base::Result<void> take_start(bool over);
  base::Result<void> take_header();
  base::Result<void> take_data(engine::TtsAudio& sound);
  void take_after(bool over);
  void take_pcm(engine::TtsAudio& sound);
  base::Result<void> take_compressed(bool over, engine::TtsAudio& sound);
  base::Result<void> set_rate(int rate_hz);

  State state_ = State::start;
  int rate_hz_;
  bool may_be_compressed_;
  std::unique_ptr<audio::StreamDecoder> decoder_;
  bool heard_ = false;  // samples have come, so the rate is settled
  std::string bytes_;   // not yet taken
  // Of a WAV: what makes a readable file out of some of its frames.
  std::string header_;
  std::size_t frame_bytes_ = 2;
  std::uint64_t data_left_ = 0;  // as the header says, when that is believable
  bool endless_ = false;         // it is not
};

}  // namespace parley::providers::openai
