// SPDX-License-Identifier: MIT
#include "compat/telephony/playout.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace parley::compat {

std::string Playout::sent(const std::string& item_id, std::int64_t end_ms, base::Instant now) {
  if (pending_.empty()) since_ = now;
  const std::int64_t begin_ms = item_id == last_item_ ? last_end_ms_ : 0;
  pending_.push_back({++last_number_, item_id, begin_ms, end_ms});
  last_item_ = item_id;
  last_end_ms_ = end_ms;
  return "parley-" + std::to_string(last_number_);
}

void Playout::returned(const std::string& name, base::Instant now) {
  constexpr std::string_view kPrefix = "parley-";
  if (!name.starts_with(kPrefix)) return;
  std::uint64_t number = 0;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  // Marks come back in order; one that was lost is over with the next.
  while (!pending_.empty() && pending_.front().number <= number) {
    pending_.pop_front();
    since_ = now;
  }
}

std::optional<Playout::Heard> Playout::clear(base::Instant now) {
  if (pending_.empty()) return std::nullopt;
  const Mark& playing = pending_.front();
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_).count();
  Heard heard{playing.item_id, std::clamp<std::int64_t>(playing.begin_ms + elapsed,
                                                        playing.begin_ms, playing.end_ms)};
  pending_.clear();
  return heard;
}

}  // namespace parley::compat
