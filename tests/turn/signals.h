// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

// Sounds made for tests, all 16 kHz mono, the same on every run.
namespace parley::test {

using Samples = std::vector<std::int16_t>;

Samples silence(int milliseconds);
// White noise at `level_dbfs` (RMS).
Samples noise(int milliseconds, double level_dbfs);
Samples sine(int milliseconds, double frequency_hz, double level_dbfs);
// Something that both detectors take for a voice: a sawtooth-like 150 Hz buzz through three
// formants, swelling with syllables four times a second.
Samples voice(int milliseconds, double level_dbfs);
// A single click of 2 ms at full scale, in silence.
Samples click(int milliseconds);

// A knock on a table: two low tones that die away within 100 ms, peaking at `peak_dbfs`.
Samples knock(int milliseconds, double peak_dbfs);

Samples operator+(Samples first, const Samples& second);
// Sample by sample; as long as the longer one.
Samples mixed(const Samples& first, const Samples& second);

double level_dbfs(const Samples& samples);

}  // namespace parley::test
