// SPDX-License-Identifier: MIT
#include "compat/frames.h"

namespace parley::compat {

std::string make_uuid(base::Random& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : id) {
    const std::uint64_t digit = random.below(16);
    if (c == 'x') c = kHex[digit];
    if (c == 'y') c = kHex[8 | (digit & 3)];
  }
  return id;
}

void append_samples(std::string_view bytes, std::vector<std::int16_t>& samples) {
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const auto low = static_cast<unsigned char>(bytes[at]);
    const auto high = static_cast<unsigned char>(bytes[at + 1]);
    samples.push_back(static_cast<std::int16_t>(low | high << 8));
  }
}

}  // namespace parley::compat
