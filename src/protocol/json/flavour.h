// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace parley::protocol::json {

// Which wire shape is read or written. `beta` is also the lenient one: its clients are loose, so an
// optional field given as null counts as absent.
enum class Flavour : std::uint8_t { ga, beta };

// What becomes of a field that nobody knows. Passed over for clients of servers that did so.
enum class UnknownFields : std::uint8_t { refused, ignored };

}  // namespace parley::protocol::json
