// SPDX-License-Identifier: MIT
#include "compat/telephony/playout.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace parley::compat {

namespace {

constexpr std::size_t kPendingMax = 4096;  // of a carrier that returns no marks

}  // namespace

std::string Playout::sent(const std::string& item_id, std::int64_t end_ms, base::Instant now) {
  if (pending_.empty()) since_ = now;
  const std::int64_t begin_ms = item_id == last_item_ ? last_end_ms_ : 0;
  pending_.push_back({++last_number_, item_id, begin_ms, end_ms});
  if (pending_.size() > kPendingMax) pending_.pop_front();
  last_item_ = item_id;
  last_end_ms_ = end_ms;
  return "parley-" + std::to_string(last_number_);
}

void Playout::returned(const std::string& name, base::Instant now) {
  constexpr std::string_view kPrefix = "parley-";
  if (!name.starts_with(kPrefix)) return;
  std::uint64_t number = 0;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  if (number == 0 || number > last_number_) return;
  marks_return_ = true;
  // Marks come back in order; one that was lost is over with the next.
  while (!pending_.empty() && pending_.front().number <= number) {
    pending_.pop_front();
    since_ = now;
  }
}

std::vector<Playout::Heard> Playout::clear(base::Instant now) {
  auto left_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_).count();
  std::vector<Heard> heard;
  bool reached = true;
  for (const Mark& mark : pending_) {
    const std::int64_t length_ms = mark.end_ms - mark.begin_ms;
    const std::int64_t played_ms = reached ? std::clamp<std::int64_t>(left_ms, 0, length_ms) : 0;
    if (heard.empty() || heard.back().item_id != mark.item_id) {
      heard.push_back({mark.item_id, mark.begin_ms + played_ms});
    } else if (played_ms > 0) {
      heard.back().ms = mark.begin_ms + played_ms;
    }
    left_ms -= length_ms;
    // What lies behind a mark that is still awaited was not heard, however long it takes.
    reached = reached && !marks_return_;
  }
  pending_.clear();
  return heard;
}

}  // namespace parley::compat
