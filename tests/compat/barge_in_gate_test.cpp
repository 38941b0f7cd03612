// SPDX-License-Identifier: MIT
#include "compat/realtime_ai/barge_in_gate.h"

#include <doctest/doctest.h>

namespace parley::compat {
namespace {

using Samples = std::vector<std::int16_t>;

Samples message(int size) {
  Samples samples(100, static_cast<std::int16_t>(size));
  for (std::size_t i = 0; i < samples.size(); i += 2) samples[i] = static_cast<std::int16_t>(-size);
  return samples;
}

// How many samples pass.
std::size_t passed(BargeInGate& gate, const Samples& samples, bool guarded) {
  Samples heard;
  gate.pass(samples, guarded, heard);
  return heard.size();
}

constexpr int kLoud = 3000;  // 92 thousandths
constexpr int kQuiet = 1000;

TEST_CASE("row 23: without a level all sound passes") {
  BargeInGate gate(0);
  for (int i = 0; i < 30; ++i) CHECK(passed(gate, message(1), true) == 100);
}

TEST_CASE("row 23: over an answer only loud speech is heard, and then from its beginning") {
  BargeInGate gate(50);
  CHECK(passed(gate, message(kQuiet), false) == 100);
  for (int i = 0; i < 50; ++i) CHECK(passed(gate, message(kQuiet), true) == 0);
  for (int i = 0; i < 6; ++i) CHECK(passed(gate, message(kLoud), true) == 0);
  CHECK(passed(gate, message(kLoud), true) == 20 * 100);
  CHECK(passed(gate, message(kQuiet), true) == 100);
}

TEST_CASE("row 23: loud messages count only when they come close together") {
  BargeInGate gate(50);
  for (int i = 0; i < 100; ++i) {
    CHECK(passed(gate, message(i % 4 == 0 ? kLoud : kQuiet), true) == 0);
  }
}

TEST_CASE("row 23: what was held back is heard when the answer ends") {
  BargeInGate gate(50);
  for (int i = 0; i < 5; ++i) CHECK(passed(gate, message(kLoud), true) == 0);
  CHECK(passed(gate, message(kLoud), false) == 6 * 100);
  CHECK(passed(gate, message(kLoud), true) == 0);  // the next answer is guarded again
  gate.reset();
  CHECK(passed(gate, message(kLoud), false) == 100);
}

}  // namespace
}  // namespace parley::compat
