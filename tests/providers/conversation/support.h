// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/embedded/conversation/reply.h"

// A dialogue partner for the tests: says something, keeps the history as a session does.
namespace parley::providers::embedded {

// Saturday, March 14, 2026, nine minutes past three in the afternoon.
std::tm pi_day();

engine::Tool tool(std::string name, std::string description, std::string parameters);

class Dialogue {
 public:
  explicit Dialogue(std::string instructions = {}) {
    request_.instructions = std::move(instructions);
  }

  engine::LlmRequest& request() { return request_; }
  // Adds the user's words and the reply to the history.
  Reply say(std::string_view text);
  std::string ask(std::string_view text) { return say(text).text; }
  // Adds a tool's output to the history, and the reply to it.
  Reply result(std::string_view output);

 private:
  Reply answered();

  engine::LlmRequest request_;
};

// One question without a past.
std::string answer_to(std::string_view text, std::string instructions = {});

bool contains(std::string_view text, std::string_view fragment);
bool valid_utf8(std::string_view text);

}  // namespace parley::providers::embedded
