// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::session {

// Cuts a model's text stream into clauses that a voice can say well. The first clause is short, so
// that sound starts early; later ones are whole sentences. Clauses joined give the text back
// exactly; white space between two clauses belongs to the second.
class ClauseSplitter {
 public:
  // Takes more text and appends the clauses that are now complete.
  void push(std::string_view text, std::vector<std::string>& clauses);
  // The text is over: appends what is left, if anything.
  void finish(std::vector<std::string>& clauses);

 private:
  // Length of the first complete clause in pending_, 0 when more text is needed.
  std::size_t find_cut() const;

  std::string pending_;
  bool first_ = true;
};

}  // namespace parley::session
