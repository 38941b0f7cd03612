// SPDX-License-Identifier: MIT
#include "session/input_audio_buffer.h"

#include <algorithm>

#include "audio/codec.h"
#include "base/assert.h"
#include "engine/types.h"

namespace parley::session {

InputAudioBuffer::InputAudioBuffer(base::AudioFormat format)
    : format_(format), to_heard_(format.rate_hz, engine::kHearingRateHz) {}

void InputAudioBuffer::set_format(base::AudioFormat format) {
  if (format.rate_hz != format_.rate_hz) {
    audio::Resampler convert(format_.rate_hz, format.rate_hz);
    std::vector<std::int16_t> converted;
    convert.process(original_, converted);
    convert.flush(converted);
    original_ = std::move(converted);
    to_heard_ = audio::Resampler(format.rate_hz, engine::kHearingRateHz);
  }
  format_ = format;
}

void InputAudioBuffer::set_noise_reduction(std::optional<turn::NoiseField> field) {
  heard_.insert(heard_.end(), unreduced_.begin(), unreduced_.end());
  unreduced_.clear();
  noise_reducer_ = field ? std::make_unique<turn::NoiseReducer>(*field) : nullptr;
}

void InputAudioBuffer::append(std::span<const std::uint8_t> bytes) {
  PARLEY_ASSERT(bytes.size() % static_cast<std::size_t>(format_.bytes_per_sample()) == 0);
  decoded_.clear();
  audio::decode(format_.encoding, bytes, decoded_);
  original_.insert(original_.end(), decoded_.begin(), decoded_.end());
  if (!noise_reducer_) {
    to_heard_.process(decoded_, heard_);
    return;
  }
  to_heard_.process(decoded_, unreduced_);
  constexpr std::size_t kFrame = turn::NoiseReducer::kFrameSamples;
  std::size_t done = 0;
  for (; unreduced_.size() - done >= kFrame; done += kFrame) {
    const std::span frame(unreduced_.data() + done, kFrame);
    noise_reducer_->process(frame);
    heard_.insert(heard_.end(), frame.begin(), frame.end());
  }
  unreduced_.erase(unreduced_.begin(), unreduced_.begin() + static_cast<std::ptrdiff_t>(done));
}

std::span<const std::int16_t> InputAudioBuffer::take_block() {
  const std::size_t count = std::min(kBlockSamples, heard_.size() - taken_);
  const std::span block(heard_.data() + taken_, count);
  taken_ += count;
  return block;
}

double InputAudioBuffer::buffered_ms() const {
  return static_cast<double>(original_.size()) * 1000.0 / format_.rate_hz;
}

std::span<const std::int16_t> InputAudioBuffer::heard(base::AudioTime from,
                                                      base::AudioTime to) const {
  PARLEY_ASSERT(from.samples >= begin_ && from <= to && to <= end());
  return std::span(heard_).subspan(static_cast<std::size_t>(from.samples - begin_),
                                   static_cast<std::size_t>(to.samples - from.samples));
}

std::size_t InputAudioBuffer::original_index(base::AudioTime position) const {
  const std::int64_t index = (position.samples - begin_) * format_.rate_hz / engine::kHearingRateHz;
  return std::min(static_cast<std::size_t>(std::max<std::int64_t>(index, 0)), original_.size());
}

std::vector<std::uint8_t> InputAudioBuffer::cut(base::AudioTime from, base::AudioTime to) {
  PARLEY_ASSERT(from.samples >= begin_ && from <= to && to <= end());
  const std::size_t first = original_index(from);
  // To the very end: also the few samples that the resampler still holds.
  const std::size_t last = to == end() ? original_.size() : original_index(to);
  std::vector<std::uint8_t> bytes;
  audio::encode(format_.encoding, std::span(original_).subspan(first, last - first), bytes);
  if (to == end()) {
    clear();
  } else {
    drop_before(to);
  }
  return bytes;
}

void InputAudioBuffer::clear() {
  drop_before(end());
  original_.clear();
}

void InputAudioBuffer::drop_before(base::AudioTime position) {
  PARLEY_ASSERT(position.samples >= begin_ && position <= end());
  const auto heard_count = static_cast<std::size_t>(position.samples - begin_);
  const std::size_t original_count = original_index(position);
  heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(heard_count));
  original_.erase(original_.begin(),
                  original_.begin() + static_cast<std::ptrdiff_t>(original_count));
  begin_ = position.samples;
  taken_ -= std::min(taken_, heard_count);
}

}  // namespace parley::session
