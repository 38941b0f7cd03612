// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace parley::providers::embedded {

// Blanks out what a voice should not read aloud: Markdown's marks, control characters and
// everything beyond Latin-1's letters (emoji). Byte offsets stay as they are, so word times keep
// pointing into the text that was given.
std::string speakable(std::string_view text);

// Blanks out Markdown's marks and control characters only, for voices that read any script.
std::string without_marks(std::string_view text);

// Is there anything to say?
bool has_words(std::string_view text);

}  // namespace parley::providers::embedded
