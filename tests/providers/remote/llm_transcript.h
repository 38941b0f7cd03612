// SPDX-License-Identifier: MIT
// What a language model's adapter told the session, as one line of text that tests can compare.
#pragma once

#include <string>
#include <vector>

#include "engine/types.h"

namespace parley::tests {

// Neighbouring deltas count as one: "It is 3. | now#call_1({}) | sound 480@24000 | stop 20/5/0",
// where the figures are input, output and cached tokens, left out when unknown.
inline std::string transcript(const std::vector<engine::LlmEvent>& events) {
  std::string out;
  std::string tail;
  std::size_t samples = 0;
  char open = ' ';  // what the next delta would continue
  const auto close = [&] {
    if (open == 's') out += "sound " + std::to_string(samples) + tail;
    if (open == 'c') out += ")";
    open = ' ';
    samples = 0;
  };
  const auto turn_to = [&](char kind) {
    if (open == kind) return;
    close();
    if (!out.empty()) out += " | ";
    open = kind;
  };
  for (const auto& event : events) {
    if (const auto* text = std::get_if<engine::LlmText>(&event)) {
      turn_to('t');
      out += text->delta;
    } else if (const auto* begin = std::get_if<engine::LlmToolCallBegin>(&event)) {
      close();
      turn_to('c');
      out += begin->name + "#" + begin->call_id + "(";
    } else if (const auto* arguments = std::get_if<engine::LlmToolCallArguments>(&event)) {
      turn_to('c');
      out += arguments->delta;
    } else if (const auto* sound = std::get_if<engine::LlmAudio>(&event)) {
      turn_to('s');
      samples += sound->samples.size();
      tail = "@" + std::to_string(sound->rate_hz);
    } else if (const auto* done = std::get_if<engine::LlmDone>(&event)) {
      turn_to('d');
      out += done->finish == engine::LlmFinish::stop     ? "stop"
             : done->finish == engine::LlmFinish::length ? "length"
                                                         : "content_filter";
      if (done->input_tokens) {
        out += " " + std::to_string(*done->input_tokens) + "/" +
               std::to_string(done->output_tokens.value_or(-1)) + "/" +
               std::to_string(done->cached_tokens.value_or(-1));
      }
    } else {
      turn_to('f');
      out += "failure: " + std::get<engine::Failure>(event).message;
    }
  }
  close();
  return out;
}

}  // namespace parley::tests
