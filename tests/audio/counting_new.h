// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// How often this thread has called operator new. Linking counting_new.cpp into a test program
// replaces the global operator new and delete.
namespace parley::test {

std::int64_t allocation_count();

}  // namespace parley::test
