// SPDX-License-Identifier: MIT
#include "session/image_tokens.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "audio/base64.h"

namespace parley::session {

namespace {

// A JPEG may carry a thumbnail and colour profile before it says its size.
constexpr std::size_t kHeadBytesMax = 256u << 10u;

using Bytes = std::span<const std::uint8_t>;

bool begins_with(Bytes bytes, std::string_view magic, std::size_t at = 0) {
  if (bytes.size() < at + magic.size()) return false;
  return std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
}

// Of numbers that make no sense as a size the low bits will do.
constexpr std::uint32_t kNumberMask = 0x7fffffff;

int big_endian(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return static_cast<int>(value & kNumberMask);
}

int little_endian(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i > 0; --i) value = value << 8 | bytes[at + i - 1];
  return static_cast<int>(value & kNumberMask);
}

std::optional<ImageSize> png_size(Bytes bytes) {
  if (bytes.size() < 24) return std::nullopt;
  // The chunk IHDR comes first; its sizes are below 2^31.
  return ImageSize{big_endian(bytes, 16, 4), big_endian(bytes, 20, 4)};
}

std::optional<ImageSize> jpeg_size(Bytes bytes) {
  for (std::size_t at = 2; at + 9 < bytes.size();) {
    if (bytes[at] != 0xff) return std::nullopt;
    const int marker = bytes[at + 1];
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) return ImageSize{big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2)};
    at += 2 + static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
  }
  return std::nullopt;
}

std::optional<ImageSize> webp_size(Bytes bytes) {
  if (bytes.size() < 30) return std::nullopt;
  if (begins_with(bytes, "VP8X", 12)) {
    return ImageSize{little_endian(bytes, 24, 3) + 1, little_endian(bytes, 27, 3) + 1};
  }
  if (begins_with(bytes, "VP8L", 12)) {
    const int packed = little_endian(bytes, 21, 4);
    return ImageSize{(packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1};
  }
  return ImageSize{little_endian(bytes, 26, 2) & 0x3fff, little_endian(bytes, 28, 2) & 0x3fff};
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view data_url) {
  constexpr std::string_view kBase64 = ";base64,";
  const auto comma = data_url.find(kBase64);
  if (comma == std::string_view::npos) return std::nullopt;
  std::string_view head = data_url.substr(comma + kBase64.size());
  head = head.substr(0, std::min(head.size() & ~std::size_t{3}, kHeadBytesMax / 3 * 4));
  std::vector<std::uint8_t> bytes;
  if (!audio::base64_decode(head, bytes)) return std::nullopt;

  std::optional<ImageSize> size;
  if (begins_with(bytes, "\x89PNG")) size = png_size(bytes);
  if (begins_with(bytes, "\xff\xd8")) size = jpeg_size(bytes);
  if (begins_with(bytes, "GIF8") && bytes.size() >= 10) {
    size = ImageSize{little_endian(bytes, 6, 2), little_endian(bytes, 8, 2)};
  }
  if (begins_with(bytes, "RIFF") && begins_with(bytes, "WEBP", 8)) size = webp_size(bytes);
  if (size && (size->width <= 0 || size->height <= 0)) return std::nullopt;
  return size;
}

int image_tokens(std::string_view data_url, std::string_view detail) {
  constexpr int kBase = 85;
  constexpr int kTile = 170;
  if (detail == "low") return kBase;
  const ImageSize size = image_size(data_url).value_or(ImageSize{1024, 1024});
  double width = size.width;
  double height = size.height;
  const double into = std::min(1.0, 2048 / std::max(width, height));
  const double down = std::min(1.0, 768 / (into * std::min(width, height)));
  width *= into * down;
  height *= into * down;
  const auto tiles = [](double pixels) { return static_cast<int>(std::ceil(pixels / 512 - 1e-9)); };
  return kBase + kTile * std::max(1, tiles(width)) * std::max(1, tiles(height));
}

}  // namespace parley::session
