// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"

namespace parley::compat {

// An answer's sound on its way to realtime-ai's page, cut into messages that the page can play.
//
// The page plays a message at once when it believes that nothing plays, and it believes so while it
// still decodes the message before, and again for a moment between two messages. What comes then is
// played over the rest. So the next message is given when the one before surely plays, and close to
// that one's end: at most one waits at the page, and messages are as long as they can be. No
// message is shorter than 200 ms (the page loses 12 bytes of each); silence fills up the last one.
// PCM16 LE mono at the rate given. One answer after another, one thread, no clock of its own.
class SoundQueue {
 public:
  explicit SoundQueue(int rate_hz) : rate_hz_(rate_hz) {}

  void add(std::span<const std::uint8_t> bytes, base::Instant now);
  void finish() { finished_ = true; }  // until more is added, no more comes
  void drop();                         // what was not taken, and what the page still plays

  // The next message, if it is time for it; nothing: at `due()`.
  std::optional<std::string> take(base::Instant now);
  // All that waits, whatever the page does: the answer's last message, or nothing.
  std::optional<std::string> take_rest(base::Instant now);
  std::optional<base::Instant> due() const;  // nothing waits: nothing

  bool done() const { return finished_ && sound_.empty(); }
  // Whether the page may still play something.
  bool plays(base::Instant now) const;

 private:
  std::size_t bytes_of(base::Milliseconds duration) const;
  std::optional<std::string> cut(std::size_t bytes, base::Instant now);

  const int rate_hz_;
  std::string sound_;  // not taken yet
  base::Instant waits_since_;
  bool finished_ = true;
  bool taken_any_ = false;                  // of this answer
  std::optional<base::Instant> starts_at_;  // the last message, at the page
  base::Instant plays_until_;               // likewise
};

}  // namespace parley::compat
