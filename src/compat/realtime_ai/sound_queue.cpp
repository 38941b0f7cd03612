// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/sound_queue.h"

#include <algorithm>
#include <utility>

namespace parley::compat {

namespace {

constexpr base::Milliseconds kShortest{200};
constexpr base::Milliseconds kLongest{5000};
// An answer's first message is long enough for the second to find it playing, and takes along what
// is made with it.
constexpr base::Milliseconds kFirst{300};
constexpr base::Milliseconds kGathering{30};
// From a message's arrival until the page surely plays it, busy as it may be.
constexpr base::Milliseconds kDecoding{200};
// A message is given this long before the one before ends...
constexpr base::Milliseconds kAhead{250};
// ...and what is too short for one, when the page is about to fall silent.
constexpr base::Milliseconds kLastMoment{60};
constexpr base::Milliseconds kPatience{150};
// Between two messages the page waits for 5 ms and decodes.
constexpr base::Milliseconds kSeam{10};
// How far the page's playback may be behind what is reckoned here.
constexpr base::Milliseconds kLag{500};

}  // namespace

void SoundQueue::add(std::span<const std::uint8_t> bytes, base::Instant now) {
  if (std::exchange(finished_, false)) taken_any_ = false;
  if (sound_.empty()) waits_since_ = now;
  sound_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void SoundQueue::drop() {
  sound_.clear();
  finished_ = true;
  starts_at_.reset();
}

std::optional<std::string> SoundQueue::take(base::Instant now) {
  const auto at = due();
  if (!at || now < *at) return std::nullopt;
  return cut(std::min(sound_.size(), bytes_of(kLongest)), now);
}

std::optional<std::string> SoundQueue::take_rest(base::Instant now) {
  if (sound_.empty()) return std::nullopt;
  return cut(sound_.size(), now);
}

std::optional<base::Instant> SoundQueue::due() const {
  if (sound_.empty()) return std::nullopt;
  const bool too_short = !finished_ && sound_.size() < bytes_of(taken_any_ ? kShortest : kFirst);
  base::Instant ripe = waits_since_;
  if (!finished_) ripe = ripe + (too_short ? kPatience : kGathering);
  if (!starts_at_) return ripe;
  const base::Instant wanted = plays_until_ - (too_short ? kLastMoment : kAhead);
  return std::max({ripe, wanted, *starts_at_ + kDecoding});
}

bool SoundQueue::plays(base::Instant now) const { return starts_at_ && now < plays_until_ + kLag; }

std::size_t SoundQueue::bytes_of(base::Milliseconds duration) const {
  return static_cast<std::size_t>(rate_hz_ * duration.count() / 1000) * 2;
}

std::optional<std::string> SoundQueue::cut(std::size_t bytes, base::Instant now) {
  // An answer that is shorter than a message stays as it is.
  const std::size_t least = bytes_of(kShortest);
  const bool whole = finished_ && !taken_any_ && bytes == sound_.size();
  // A rest that would be too short goes along.
  if (finished_ && sound_.size() < bytes + least) bytes = sound_.size();
  std::string message = sound_.substr(0, bytes);
  sound_.erase(0, bytes);
  if (!whole) message.resize(std::max(message.size(), least));
  taken_any_ = true;
  waits_since_ = now;
  starts_at_ = starts_at_ ? std::max(now, plays_until_) : now;
  const auto samples = static_cast<std::int64_t>(message.size() / 2);
  plays_until_ = *starts_at_ + std::chrono::milliseconds(samples * 1000 / rate_hz_) + kSeam;
  return message;
}

}  // namespace parley::compat
