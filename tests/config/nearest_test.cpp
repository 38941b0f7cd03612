// SPDX-License-Identifier: MIT
#include "config/detail/nearest.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace parley::config::detail {

TEST_CASE("edit distance counts inserted, deleted, replaced and swapped letters") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("voice", "voice") == 0);
  CHECK(edit_distance("voce", "voice") == 1);
  CHECK(edit_distance("vooice", "voice") == 1);
  CHECK(edit_distance("voise", "voice") == 1);
  CHECK(edit_distance("vioce", "voice") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest candidate is the first of equals, and there may be none") {
  const std::vector<std::string> words = {"listen", "tokens", "tls"};
  CHECK(nearest("token", words) == "tokens");
  CHECK(nearest("tsl", words) == "tls");
  CHECK(nearest(std::string(10'000, 'x'), words) == "listen");
  CHECK(nearest("x", {}).empty());
}

}  // namespace parley::config::detail
