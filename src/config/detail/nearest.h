// SPDX-License-Identifier: MIT
// "Did you mean": the valid word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace parley::config::detail {

// Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`.
int edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, the first of equals; empty when there are none.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace parley::config::detail
