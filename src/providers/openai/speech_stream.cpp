// SPDX-License-Identifier: MIT
// WAV: RIFF/WAVE ("Multimedia Programming Interface and Data Specifications 1.0", 1991).
#include "providers/openai/speech_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "audio/wav.h"

namespace parley::providers::openai {

namespace {

constexpr std::size_t kMarkBytes = 4;
constexpr std::size_t kRiffBytes = 12;       // "RIFF", size, "WAVE"
constexpr std::size_t kChunkBytes = 8;       // a chunk's name and size
constexpr std::size_t kFormatBytesMin = 16;  // of "fmt "
constexpr std::size_t kHeaderBytesMax = 1u << 16u;
// No answer is that long: a size from here on says that it was not known.
constexpr std::uint32_t kBelievableBytesMax = 0x7F000000;
constexpr std::uint32_t kUnknownSize = 0xFFFFFFFF;
// As the resampler takes them.
constexpr int kRateMinHz = 8000;
constexpr int kRateMaxHz = 48000;
// What may stand behind the sound in a finished file.
constexpr std::array<std::string_view, 7> kTrailers = {"LIST", "id3 ", "ID3 ", "fact",
                                                       "JUNK", "bext", "cue "};

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
std::uint32_t read_u16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8u;
}
std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  return read_u16(bytes, at) | read_u16(bytes, at + 2) << 16u;
}

void append_u32(std::string& bytes, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(value >> shift & 0xFFu);
  }
}

tl::unexpected<base::Error> invalid(std::string what) {
  return base::fail("invalid_sound", std::move(what));
}

// An MP3 without tags begins as loud raw samples may.
bool is_unlike_samples(std::string_view mark) {
  return mark == "OggS" || mark == "fLaC" || mark.starts_with("ID3");
}
bool is_text(std::string_view mark) {
  if (mark == "data") return true;  // an event stream
  return (mark[0] == '{' || mark[0] == '<') &&
         std::all_of(mark.begin(), mark.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

base::Result<engine::TtsAudio> SpeechStream::push(std::string_view bytes) {
  bytes_ += bytes;
  engine::TtsAudio sound;
  if (auto taken = advance(false, sound); !taken) return tl::unexpected(taken.error());
  sound.rate_hz = rate_hz_;
  heard_ = heard_ || !sound.samples.empty();
  return sound;
}

base::Result<engine::TtsAudio> SpeechStream::finish() {
  engine::TtsAudio sound;
  if (auto taken = advance(true, sound); !taken) return tl::unexpected(taken.error());
  sound.rate_hz = rate_hz_;
  if (!heard_ && sound.samples.empty()) return invalid("answered without any sound");
  return sound;
}

// Each state takes what it can; a state that leaves for another one lets that go on.
base::Result<void> SpeechStream::advance(bool over, engine::TtsAudio& sound) {
  for (bool again = true; again;) {
    const State before = state_;
    base::Result<void> taken;
    switch (state_) {
      case State::start:
        taken = take_start(over);
        break;
      case State::pcm:
        take_pcm(sound);
        break;
      case State::wav_header:
        taken = take_header();
        break;
      case State::wav_data:
        taken = take_data(sound);
        break;
      case State::wav_after:
        take_after(over);
        break;
      case State::compressed:
        taken = take_compressed(over, sound);
        break;
      case State::ignored:
        bytes_.clear();
        break;
    }
    if (!taken) return taken;
    again = state_ != before;
  }
  return {};
}

base::Result<void> SpeechStream::take_start(bool over) {
  if (bytes_.size() < kMarkBytes) {
    if (over) state_ = State::pcm;
    return {};
  }
  const std::string_view mark = std::string_view(bytes_).substr(0, kMarkBytes);
  if (!may_be_compressed_ && is_unlike_samples(mark)) {
    return invalid("sent compressed sound, which was not asked for");
  }
  const auto format = audio::compressed_format_of(mark);
  if (may_be_compressed_ && format) {
    decoder_ = audio::make_stream_decoder(*format);
    state_ = State::compressed;
    return {};
  }
  if (is_text(mark)) return invalid("sent text in place of sound");
  state_ = mark == "RIFF" ? State::wav_header : State::pcm;
  return state_ == State::pcm ? set_rate(rate_hz_) : base::Result<void>();
}

void SpeechStream::take_pcm(engine::TtsAudio& sound) {
  const std::size_t count = bytes_.size() / 2;
  sound.samples.reserve(sound.samples.size() + count);
  for (std::size_t i = 0; i < count; ++i) {
    sound.samples.push_back(static_cast<std::int16_t>(read_u16(bytes_, 2 * i)));
  }
  bytes_.erase(0, 2 * count);
}

base::Result<void> SpeechStream::take_compressed(bool over, engine::TtsAudio& sound) {
  auto taken = decoder_->push(bytes_, sound.samples);
  bytes_.clear();
  if (taken && over) taken = decoder_->finish(sound.samples);
  if (!taken) return invalid("sent " + taken.error().message);
  return decoder_->rate_hz() == 0 ? base::Result<void>() : set_rate(decoder_->rate_hz());
}

base::Result<void> SpeechStream::take_header() {
  const std::string_view bytes = bytes_;
  if (bytes.size() >= kRiffBytes && bytes.substr(8, 4) != "WAVE") {
    return invalid("sent something that is no WAV");
  }
  std::string format;
  for (std::size_t at = kRiffBytes; at + kChunkBytes <= bytes.size();) {
    const std::string_view name = bytes.substr(at, kMarkBytes);
    const std::uint32_t size = read_u32(bytes, at + kMarkBytes);
    if (name == "data") {
      if (format.empty()) return invalid("sent a WAV without a format");
      header_ = "RIFF";
      append_u32(header_, kUnknownSize);
      header_.append("WAVE").append(format).append("data");
      append_u32(header_, kUnknownSize);
      endless_ = size == 0 || size > kBelievableBytesMax;
      data_left_ = size;
      bytes_.erase(0, at + kChunkBytes);
      state_ = State::wav_data;
      return {};
    }
    const std::uint64_t end = std::uint64_t{at} + kChunkBytes + size + size % 2;
    if (end > kHeaderBytesMax) return invalid("sent a WAV with far too long a header");
    if (end > bytes.size()) break;
    if (name == "fmt ") {
      if (size < kFormatBytesMin) return invalid("sent a WAV with a broken format");
      format = bytes.substr(at, end - at);
      const std::uint32_t channels = read_u16(bytes, at + kChunkBytes + 2);
      const std::uint32_t rate = read_u32(bytes, at + kChunkBytes + 4);
      const std::uint32_t bits = read_u16(bytes, at + kChunkBytes + 14);
      frame_bytes_ = std::size_t{channels} * ((bits + 7) / 8);
      if (frame_bytes_ == 0) return invalid("sent a WAV with a broken format");
      const auto settled = set_rate(static_cast<int>(std::min<std::uint32_t>(rate, 1u << 30u)));
      if (!settled) return settled;
    }
    at = end;
  }
  if (bytes.size() > kHeaderBytesMax) return invalid("sent a WAV with far too long a header");
  return {};
}

base::Result<void> SpeechStream::take_data(engine::TtsAudio& sound) {
  std::size_t whole = bytes_.size() - bytes_.size() % frame_bytes_;
  if (!endless_) {
    const std::uint64_t believed = data_left_ - data_left_ % frame_bytes_;
    whole = std::min<std::size_t>(whole, believed);
    data_left_ -= whole;
    if (data_left_ < frame_bytes_) state_ = State::wav_after;
  }
  if (whole == 0) return {};
  // One reader of WAV formats is enough.
  auto wav = audio::parse_wav(header_ + bytes_.substr(0, whole));
  if (!wav) return invalid("sent a WAV that cannot be read: " + wav.error().message);
  bytes_.erase(0, whole);
  sound.samples.insert(sound.samples.end(), wav->samples.begin(), wav->samples.end());
  return {};
}

// The size in the header is reached. It may have been the truth, or that of a first part.
void SpeechStream::take_after(bool over) {
  if (bytes_.size() < kMarkBytes && !over) return;
  const std::string_view mark = std::string_view(bytes_).substr(0, kMarkBytes);
  if (mark == "RIFF") {
    state_ = State::wav_header;
  } else if (over || std::find(kTrailers.begin(), kTrailers.end(), mark) != kTrailers.end()) {
    state_ = State::ignored;
  } else {
    endless_ = true;
    state_ = State::wav_data;
  }
}

base::Result<void> SpeechStream::set_rate(int rate_hz) {
  if (rate_hz < kRateMinHz || rate_hz > kRateMaxHz) {
    return invalid("sent sound of " + std::to_string(rate_hz) + " Hz, not 8000 to 48000");
  }
  if (heard_ && rate_hz != rate_hz_) return invalid("changed the rate of its sound");
  rate_hz_ = rate_hz;
  return {};
}

}  // namespace parley::providers::openai
