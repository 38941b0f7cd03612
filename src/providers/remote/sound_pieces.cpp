// SPDX-License-Identifier: MIT
#include "providers/remote/sound_pieces.h"

#include <algorithm>
#include <utility>

#include "audio/base64.h"
#include "audio/wav.h"

namespace parley::providers::remote {

namespace {

// Where a header may end that is not whole yet; real ones take 44 to about 100 bytes.
constexpr std::size_t kHeaderBytesMax = 4096;
constexpr std::string_view kRiff = "RIFF";

std::string_view text_of(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool SoundPieces::push(std::string_view base64, std::vector<engine::LlmEvent>& out) {
  constexpr std::size_t kGroup = 4;  // characters for three bytes
  text_ += base64;
  const std::size_t whole = text_.size() - text_.size() % kGroup;
  if (!audio::base64_decode(std::string_view(text_).substr(0, whole), bytes_)) return false;
  text_.erase(0, whole);
  engine::LlmAudio sound;
  if (!take_bytes(sound)) return false;
  if (!sound.samples.empty()) out.emplace_back(std::move(sound));
  return true;
}

bool SoundPieces::take_bytes(engine::LlmAudio& sound) {
  const std::string_view text = text_of(bytes_);
  const bool begins_as_wav = text.substr(0, kRiff.size()) == kRiff.substr(0, text.size());
  if (begins_as_wav && !text.empty()) {
    auto wav = audio::parse_wav(text);
    if (!wav || wav->samples.empty()) return text.size() < kHeaderBytesMax;  // more is to come
    rate_hz_ = wav->rate_hz;
    sound = {std::move(wav->samples), rate_hz_};
    // What goes on without a header is PCM16, so an odd byte is half a sample of it.
    const bool odd = bytes_.size() % 2 != 0;
    bytes_.erase(bytes_.begin(), bytes_.end() - (odd ? 1 : 0));
    return true;
  }
  const std::size_t whole = bytes_.size() / 2;
  sound.rate_hz = rate_hz_;
  sound.samples.resize(whole);
  for (std::size_t i = 0; i < whole; ++i) {
    const unsigned value = bytes_[2 * i] | (static_cast<unsigned>(bytes_[2 * i + 1]) << 8u);
    sound.samples[i] = static_cast<std::int16_t>(value);
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(2 * whole));
  return true;
}

}  // namespace parley::providers::remote
