// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::base {

// xoshiro256** (Blackman, Vigna 2018), seeded through SplitMix64. Deterministic: the same seed
// gives the same sequence on every machine. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // 0 .. bound-1, bound > 0

  // `length` characters of [0-9A-Za-z], as the wire's ids are made of.
  void append_base62(std::string& out, int length);

 private:
  std::array<std::uint64_t, 4> state_;
};

// A seed from the operating system.
std::uint64_t random_seed();

}  // namespace parley::base
