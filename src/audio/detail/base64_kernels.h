// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The kernels behind audio/base64.h, apart so that a test can hold one against the other.
namespace parley::audio::detail {

enum class Base64Kernel : std::uint8_t { scalar, avx2 };

Base64Kernel best_base64_kernel();

// As base64_decode() and base64_encode(), with a kernel of the caller's choice; avx2 only where
// avx2_available().
bool base64_decode(Base64Kernel kernel, std::string_view text, std::vector<std::uint8_t>& out);
void base64_encode(Base64Kernel kernel, std::span<const std::uint8_t> bytes, std::string& out);

bool avx2_available();

// Decode whole blocks of 32 characters into 24 bytes each while a full 32-byte store stays inside
// what `quads` (a multiple of 4 characters) decodes to. Returns the characters done; stops before a
// block with a character outside the alphabet. What is left is the scalar twin's.
std::size_t decode_blocks_avx2(std::string_view quads, std::uint8_t* out);

// Encode whole blocks of 24 bytes into 32 characters each, reading only inside `bytes`. Returns the
// bytes done.
std::size_t encode_blocks_avx2(std::span<const std::uint8_t> bytes, char* out);

}  // namespace parley::audio::detail
