// SPDX-License-Identifier: MIT
#include "providers/embedded/transcript.h"

#include <algorithm>

namespace parley::providers::embedded {

std::string written_transcript(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (word.empty() || word[0] == '<' || word[0] == '[' || word[0] == '+') continue;
    word = word.substr(0, word.find('('));
    if (word.empty()) continue;
    if (!out.empty()) out += ' ';
    const std::size_t begin = out.size();
    out += word;
    if (word == "i" || word.starts_with("i'")) out[begin] = 'I';
  }
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') {
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
  }
  return out;
}

}  // namespace parley::providers::embedded
