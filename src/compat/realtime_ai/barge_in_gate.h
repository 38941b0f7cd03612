// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace parley::compat {

// Keeps quiet sound away from the detector while an answer is heard, so that only somebody who
// speaks up ends it: realtime-ai's VOICE_ENERGY_THRESHOLD. As there, more than 6 loud messages of
// the last 20 are somebody who speaks up; those 20 are heard then, and all that follows until the
// answer is over. So are the last 20 when it ends by itself. One stream, one thread.
class BargeInGate {
 public:
  // The mean of a loud message's samples, in thousandths of the largest; 0: all sound passes.
  explicit BargeInGate(int level_permille) : level_permille_(level_permille) {}

  // Takes one message; `heard` gets the samples that may be heard now. `guarded`: an answer is
  // heard, and the user is not speaking yet.
  void pass(const std::vector<std::int16_t>& samples, bool guarded,
            std::vector<std::int16_t>& heard);
  void reset();

 private:
  struct Message {
    std::vector<std::int16_t> samples;
    bool loud = false;
  };
  void release(std::vector<std::int16_t>& heard);
  bool is_loud(const std::vector<std::int16_t>& samples) const;

  const int level_permille_;
  std::deque<Message> held_;
  bool open_ = false;  // somebody spoke up over this answer
};

}  // namespace parley::compat
