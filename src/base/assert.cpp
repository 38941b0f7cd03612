// SPDX-License-Identifier: MIT
#include "base/assert.h"

#include <string>

namespace parley::base {

void invariant_broken(const char* condition, const char* file, int line) {
  throw InvariantBroken(std::string(file) + ":" + std::to_string(line) + ": " + condition);
}

}  // namespace parley::base
