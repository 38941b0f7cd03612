// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace parley::protocol::json {

// Which wire shape is read or written. `beta` is also the lenient one: its clients are loose, so
// unknown fields are passed over and an optional field given as null counts as absent.
enum class Flavour : std::uint8_t { ga, beta };

}  // namespace parley::protocol::json
