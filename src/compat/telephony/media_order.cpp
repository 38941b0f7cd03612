// SPDX-License-Identifier: MIT
#include "compat/telephony/media_order.h"

#include <algorithm>

namespace parley::compat {

namespace {

constexpr std::int64_t kJitterMs = 20;  // timestamps are no more exact than this
constexpr std::int64_t kWaitMs = 60;
constexpr std::int64_t kSilenceMsMax = 5000;
constexpr std::int64_t kClockJumpMs = 1000;

}  // namespace

std::uint8_t silence_of(base::AudioEncoding encoding) {
  switch (encoding) {
    case base::AudioEncoding::g711_ulaw:
      return 0xff;
    case base::AudioEncoding::g711_alaw:
      return 0xd5;
    case base::AudioEncoding::pcm16:
      break;
  }
  return 0;
}

std::int64_t MediaOrder::ms(std::size_t bytes) const {
  return static_cast<std::int64_t>(bytes) * 1000 / (format_.rate_hz * format_.bytes_per_sample());
}

void MediaOrder::push(std::span<const std::uint8_t> audio, std::optional<std::int64_t> timestamp_ms,
                      std::vector<std::uint8_t>& out) {
  audio = audio.first(audio.size() -
                      audio.size() % static_cast<std::size_t>(format_.bytes_per_sample()));
  if (audio.empty()) return;
  const std::int64_t at_ms = timestamp_ms.value_or(next_ms_.value_or(0));
  const std::int64_t ahead_ms = next_ms_ ? at_ms - *next_ms_ : 0;
  if (ahead_ms <= -kClockJumpMs) {
    take_waiting(true, out);
    take(audio, at_ms, out);
  } else if (ahead_ms <= -kJitterMs) {
    return;
  } else if (ahead_ms < kJitterMs) {
    take(audio, at_ms, out);
    take_waiting(false, out);
  } else {
    if (waiting_.try_emplace(at_ms, audio.begin(), audio.end()).second) {
      waiting_ms_ += ms(audio.size());
    }
    if (waiting_ms_ >= kWaitMs) take_waiting(true, out);
  }
}

void MediaOrder::take(std::span<const std::uint8_t> audio, std::int64_t at_ms,
                      std::vector<std::uint8_t>& out) {
  out.insert(out.end(), audio.begin(), audio.end());
  next_ms_ = at_ms + ms(audio.size());
}

void MediaOrder::take_waiting(bool over_gaps, std::vector<std::uint8_t>& out) {
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    const std::int64_t gap_ms = first->first - next_ms_.value_or(first->first);
    if (gap_ms >= kJitterMs) {
      if (!over_gaps) return;
      const std::int64_t samples = std::min(gap_ms, kSilenceMsMax) * format_.rate_hz / 1000;
      out.insert(out.end(), static_cast<std::size_t>(samples * format_.bytes_per_sample()),
                 silence_of(format_.encoding));
    }
    waiting_ms_ -= ms(first->second.size());
    if (gap_ms > -kJitterMs) take(first->second, first->first, out);
    waiting_.erase(first);
  }
}

}  // namespace parley::compat
