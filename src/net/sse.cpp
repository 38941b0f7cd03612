// SPDX-License-Identifier: MIT
#include "net/sse.h"

namespace parley::net {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool SseParser::feed(std::string_view piece, const Handler& handler) {
  while (!piece.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (piece.front() == '\n') {
        piece.remove_prefix(1);
        continue;
      }
    }
    const std::size_t end = piece.find_first_of("\r\n");
    line_ += piece.substr(0, end);
    if (line_.size() + data_.size() > event_bytes_max_) return false;
    if (end == std::string_view::npos) return true;
    after_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
    take_line(handler);
  }
  return true;
}

void SseParser::finish(const Handler& handler) {
  if (!line_.empty()) take_line(handler);
  dispatch(handler);
}

void SseParser::take_line(const Handler& handler) {
  std::string_view line = line_;
  if (!begun_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  begun_ = true;
  if (line.empty()) {
    dispatch(handler);
  } else if (line.front() != ':') {
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
      if (has_data_) data_ += '\n';
      data_ += value;
      has_data_ = true;
    } else if (field == "event") {
      type_ = value;
    } else if (field == "id" && value.find('\0') == std::string_view::npos) {
      id_ = value;
    }
  }
  line_.clear();
}

void SseParser::dispatch(const Handler& handler) {
  if (has_data_) handler({type_, data_, id_});
  has_data_ = false;
  data_.clear();
  type_.clear();
}

}  // namespace parley::net
