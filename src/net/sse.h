// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace parley::net {

// One event of a stream; borrowed until the callback returns.
struct SseEvent {
  std::string_view type;  // empty: none was named ("message" in browsers)
  std::string_view data;  // several data lines are joined by a line feed
  std::string_view id;    // the last one that was named; empty: none
};

// Reads a Server-Sent Events stream (WHATWG HTML, "Server-sent events"), however it is cut into
// pieces: a byte order mark, lines that end by LF, CR or CRLF, comments, fields without a colon.
class SseParser {
 public:
  using Handler = std::function<void(const SseEvent&)>;

  // Bounds one event, so that a peer cannot fill the memory.
  explicit SseParser(std::size_t event_bytes_max = 16u << 20u)
      : event_bytes_max_(event_bytes_max) {}

  // Calls the handler for each event that is now whole. Returns false when an event exceeds the
  // bound; the parser is unusable then.
  bool feed(std::string_view piece, const Handler& handler);
  // The stream is over. The standard drops an event without its blank line; some servers leave that
  // line out, so it is handed over here for the caller to judge.
  void finish(const Handler& handler);

 private:
  void take_line(const Handler& handler);
  void dispatch(const Handler& handler);

  std::size_t event_bytes_max_;
  std::string line_;
  std::string type_;
  std::string data_;
  std::string id_;
  bool has_data_ = false;
  bool begun_ = false;     // past a byte order mark
  bool after_cr_ = false;  // a line feed now belongs to the line before
};

}  // namespace parley::net
