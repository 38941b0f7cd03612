// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::audio {

// RFC 4648 §4 base64. Decoding is strict but for missing padding, which some clients leave out:
// any character outside the alphabet, padding inside, or an impossible length fails and leaves
// `out` as it was. White space is not accepted. Uses AVX2 where the processor has it.
bool base64_decode(std::string_view text, std::vector<std::uint8_t>& out);  // appends

// Appends the padded base64 of `bytes`.
void base64_encode(std::span<const std::uint8_t> bytes, std::string& out);

}  // namespace parley::audio
