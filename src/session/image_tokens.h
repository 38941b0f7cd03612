// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace parley::session {

struct ImageSize {
  int width = 0;
  int height = 0;
};

// The size that a PNG, JPEG, GIF or WebP in a base64 data: URL says it has; its pixels are not
// looked at. Nothing: it is none of these, or cut short.
std::optional<ImageSize> image_size(std::string_view data_url);

// What an image costs as input: 85 tokens, and unless `detail` is "low" 170 more for each tile of
// 512 pixels after it was scaled into 2048 by 2048 and to at most 768 on its shorter side. An image
// of unknown size counts as one of 1024 by 1024.
// Source: platform.openai.com/docs/guides/images-vision, "Calculating costs".
int image_tokens(std::string_view data_url, std::string_view detail);

}  // namespace parley::session
