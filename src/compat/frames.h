// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

// What sessions of foreign protocols share.
namespace parley::compat {

// RFC 9562, version 4.
std::string make_uuid(base::Random& random);

// PCM16 LE bytes as samples; an odd last byte is cut.
void append_samples(std::string_view bytes, std::vector<std::int16_t>& samples);

}  // namespace parley::compat
