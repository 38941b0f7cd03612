// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

// "what is twelve times seven minus one" -> "12 times 7 minus 1 is 83." Multiplication and division
// bind tighter. Also percentages, squares and square roots. nullopt: no sum was asked for.
std::optional<std::string> answer_sum(const Words& words);

}  // namespace parley::providers::embedded
