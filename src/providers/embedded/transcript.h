// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::providers::embedded {

// A recogniser's bare words as a person would write them: fillers ("<sil>", "[NOISE]") and markers
// of pronunciation ("read(2)") go, "i" becomes "I", the first letter is capital. No punctuation is
// invented and numbers stay words: the recogniser heard neither.
std::string written_transcript(std::string_view words);

}  // namespace parley::providers::embedded
