// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::providers::embedded {

// The few instructions that rules can follow.
struct Persona {
  std::string name = "Parley";
  std::string exactly;    // "respond only with X", "say exactly X": the whole answer
  std::string beginning;  // "start every answer with X"
  std::string ending;     // "end every answer with X"
  std::string opening;    // "start by saying X": before the first answer only
  bool brief = false;     // "be brief", "answer in one sentence": the first sentence only
  bool one_word = false;  // "answer in one word"
  bool upper_case = false;
};

// What the instructions clearly ask for; a real model's long prompt mostly leaves the defaults.
Persona read_instructions(std::string_view instructions);
// The answer as the persona would give it, without the opening.
std::string apply(const Persona& persona, std::string answer);

}  // namespace parley::providers::embedded
