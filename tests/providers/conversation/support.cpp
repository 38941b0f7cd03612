// SPDX-License-Identifier: MIT
#include "tests/providers/conversation/support.h"

#include <utility>

namespace parley::providers::embedded {

std::tm pi_day() {
  std::tm time{};
  time.tm_year = 2026 - 1900;
  time.tm_mon = 2;
  time.tm_mday = 14;
  time.tm_wday = 6;
  time.tm_hour = 15;
  time.tm_min = 9;
  return time;
}

engine::Tool tool(std::string name, std::string description, std::string parameters) {
  return {std::move(name), std::move(description), {std::move(parameters)}};
}

Reply Dialogue::say(std::string_view text) {
  request_.history.emplace_back(
      engine::Utterance{engine::Speaker::user, std::string(text), true, {}});
  return answered();
}

Reply Dialogue::result(std::string_view output) {
  request_.history.emplace_back(engine::ToolResult{"call_1", std::string(output)});
  return answered();
}

Reply Dialogue::answered() {
  Reply reply = reply_to(request_, pi_day());
  if (!reply.text.empty()) {
    request_.history.emplace_back(
        engine::Utterance{engine::Speaker::assistant, reply.text, false, {}});
  }
  for (const auto& call : reply.calls) request_.history.emplace_back(call);
  return reply;
}

std::string answer_to(std::string_view text, std::string instructions) {
  return Dialogue(std::move(instructions)).ask(text);
}

bool contains(std::string_view text, std::string_view fragment) {
  return text.find(fragment) != std::string_view::npos;
}

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80           ? 1
                               : (lead >> 5) == 0x06 ? 2
                               : (lead >> 4) == 0x0e ? 3
                               : (lead >> 3) == 0x1e ? 4
                                                     : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t j = 1; j < length; ++j) {
      if ((static_cast<unsigned char>(text[i + j]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace parley::providers::embedded
