// SPDX-License-Identifier: MIT
#include "cli/transcript_printer.h"

namespace parley::cli {

void TranscriptPrinter::delta(Voice voice, std::string_view text) {
  if (text.empty()) return;
  if (line_open_ && speaking_ != voice) end_line();
  if (!line_open_ && labels_ == Labels::shown) {
    std::fputs(voice == Voice::user ? "you     " : "answer  ", out_);
  }
  speaking_ = voice;
  line_open_ = true;
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

void TranscriptPrinter::note(std::string_view text) {
  end_line();
  std::fprintf(out_, "[%.*s]\n", static_cast<int>(text.size()), text.data());
  std::fflush(out_);
}

void TranscriptPrinter::end_line() {
  if (!line_open_) return;
  std::fputc('\n', out_);
  std::fflush(out_);
  line_open_ = false;
}

}  // namespace parley::cli
