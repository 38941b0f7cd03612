// SPDX-License-Identifier: MIT
// JSON: RFC 8259. Braces count outside of texts only.
#include "providers/openai/speech_objects.h"

namespace parley::providers::openai {

bool JsonObjects::feed(std::string_view piece, const Handler& handler) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < piece.size(); ++at) {
    const char c = piece[at];
    if (in_text_) {
      in_text_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      continue;
    }
    if (depth_ == 0) {
      begin = at;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
      if (c != '{') return false;
    }
    in_text_ = c == '"';
    if (c == '{') ++depth_;
    if (c != '}' || --depth_ > 0) continue;
    object_ += piece.substr(begin, at + 1 - begin);
    if (object_.size() > object_bytes_max_) return false;
    handler(object_);
    object_.clear();
  }
  if (depth_ > 0) object_ += piece.substr(begin);
  return object_.size() <= object_bytes_max_;
}

}  // namespace parley::providers::openai
