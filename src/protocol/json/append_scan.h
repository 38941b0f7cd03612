// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

// The one client event that comes fifty times a second from every session, recognised without
// building a document. Everything out of the ordinary is declined, not judged: the full parser
// decides then, and whatever this accepts the full parser would have read the same.
namespace parley::protocol::json {

struct ScannedAppend {
  std::string_view event_id;      // empty: none
  std::string_view audio_base64;  // not checked to be base64
};

// Both borrow from `frame`. Accepts an object of exactly `type`, `audio` and perhaps `event_id`, in
// any order and spacing, whose strings are plain ASCII without escapes.
std::optional<ScannedAppend> scan_append(std::string_view frame);

}  // namespace parley::protocol::json
