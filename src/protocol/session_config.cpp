// SPDX-License-Identifier: MIT
#include "protocol/session_config.h"

namespace parley::protocol {

void apply(const SessionPatch& patch, SessionConfig& config) {
  const auto set = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  // `model` is left alone on purpose: it cannot change after the connection was made.
  set(patch.output_modality, config.output_modality);
  set(patch.instructions, config.instructions);
  set(patch.tools, config.tools);
  set(patch.tool_choice, config.tool_choice);
  set(patch.max_output_tokens, config.max_output_tokens);
  set(patch.parallel_tool_calls, config.parallel_tool_calls);
  set(patch.reasoning_effort, config.reasoning_effort);
  set(patch.input_format, config.input_format);
  set(patch.transcription, config.transcription);
  set(patch.noise_reduction, config.noise_reduction);
  set(patch.turn_detection, config.turn_detection);
  set(patch.output_format, config.output_format);
  set(patch.voice, config.voice);
  set(patch.speed, config.speed);
  set(patch.temperature, config.temperature);
  set(patch.tracing, config.tracing);
  set(patch.prompt, config.prompt);
  set(patch.truncation, config.truncation);
  set(patch.include, config.include);
}

}  // namespace parley::protocol
