// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

// PARLEY_ASSERT states an invariant of ours, never a doubt about input. It is on in every build.
// The driver is the only place that catches InvariantBroken: it ends that one session.
namespace parley::base {

class InvariantBroken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void invariant_broken(const char* condition, const char* file, int line);

}  // namespace parley::base

#define PARLEY_ASSERT(condition)      \
  ((condition) ? static_cast<void>(0) \
               : ::parley::base::invariant_broken(#condition, __FILE__, __LINE__))
