// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/barge_in_gate.h"

#include <algorithm>
#include <cstdlib>

namespace parley::compat {

namespace {

constexpr std::size_t kWindow = 20;
constexpr std::ptrdiff_t kLoudMax = 6;

}  // namespace

void BargeInGate::pass(const std::vector<std::int16_t>& samples, bool guarded,
                       std::vector<std::int16_t>& heard) {
  heard.clear();
  if (!guarded || level_permille_ == 0) {
    open_ = false;
  } else if (!open_) {
    held_.push_back({samples, is_loud(samples)});
    if (held_.size() > kWindow) held_.pop_front();
    const auto loud =
        std::count_if(held_.begin(), held_.end(), [](const Message& m) { return m.loud; });
    if (loud <= kLoudMax) return;
    open_ = true;
    release(heard);
    return;
  }
  release(heard);
  heard.insert(heard.end(), samples.begin(), samples.end());
}

void BargeInGate::release(std::vector<std::int16_t>& heard) {
  for (const Message& message : held_) {
    heard.insert(heard.end(), message.samples.begin(), message.samples.end());
  }
  held_.clear();
}

void BargeInGate::reset() {
  held_.clear();
  open_ = false;
}

bool BargeInGate::is_loud(const std::vector<std::int16_t>& samples) const {
  std::int64_t sum = 0;
  for (const std::int16_t sample : samples) sum += std::abs(static_cast<int>(sample));
  return sum * 1000 > static_cast<std::int64_t>(samples.size()) * level_permille_ * 32768;
}

}  // namespace parley::compat
