// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "engine/types.h"
#include "providers/embedded/conversation/persona.h"
#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

// What a skill may look at.
struct Situation {
  const Words& words;         // of the sentence to answer
  std::string_view sentence;  // as it was said
  const engine::LlmRequest& request;
  const Persona& persona;
  const std::tm& local_time;
};

// Each answers the sentences it understands. In order of how specific they are.
std::optional<std::string> answer(const Situation& situation);

// The user's name, as last told in the history; empty: not known.
std::string known_name(const engine::LlmRequest& request);

}  // namespace parley::providers::embedded
