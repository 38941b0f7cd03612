// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/time.h"

namespace parley::compat {

// What of an answer the caller has heard, told by marks: each piece of sound is followed by a named
// mark, which the carrier sends back once everything before it was played. After a clear it sends
// back all marks that were waiting: those say nothing. Until a first mark has come back, time alone
// tells. One call, one thread.
class Playout {
 public:
  // A piece of `item`'s sound was sent, up to `end_ms` of the item. Returns the name of its mark.
  std::string sent(const std::string& item_id, std::int64_t end_ms, base::Instant now);
  void returned(const std::string& name, base::Instant now);

  bool playing() const { return !pending_.empty(); }
  struct Heard {
    std::string item_id;
    std::int64_t ms = 0;
  };
  // Playback stops here: how much was heard of the item that was playing, and of those that waited
  // behind it, in their order. Empty: nothing was playing.
  std::vector<Heard> clear(base::Instant now);

 private:
  struct Mark {
    std::uint64_t number = 0;
    std::string item_id;
    std::int64_t begin_ms = 0;  // of its piece
    std::int64_t end_ms = 0;
  };

  std::deque<Mark> pending_;
  std::uint64_t last_number_ = 0;
  std::string last_item_;
  std::int64_t last_end_ms_ = 0;  // of that item
  base::Instant since_;           // when the front of pending_ began to play, at the earliest
  bool marks_return_ = false;
};

}  // namespace parley::compat
