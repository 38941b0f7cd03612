// SPDX-License-Identifier: MIT
#include "session/image_tokens.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "audio/base64.h"

namespace parley::session {
namespace {

std::string data_url(const std::vector<std::uint8_t>& bytes) {
  std::string url = "data:image/png;base64,";
  audio::base64_encode(bytes, url);
  return url;
}

std::vector<std::uint8_t> png(int width, int height) {
  std::vector<std::uint8_t> bytes = {0x89, 'P', 'N', 'G', 13,  10,  26,  10,
                                     0,    0,   0,   13,  'I', 'H', 'D', 'R'};
  for (const int size : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<std::uint8_t>(size >> shift & 0xff));
    }
  }
  bytes.insert(bytes.end(), {8, 6, 0, 0, 0});
  return bytes;
}

void check_size(const std::vector<std::uint8_t>& bytes, int width, int height) {
  const auto size = image_size(data_url(bytes));
  REQUIRE(size);
  CHECK(size->width == width);
  CHECK(size->height == height);
}

TEST_CASE("the size of an image is read from its head") {
  check_size(png(640, 480), 640, 480);
  check_size({'G', 'I', 'F', '8', '9', 'a', 0x40, 0x01, 0xf0, 0x00, 0, 0}, 320, 240);
  // A JPEG with a comment before its frame.
  check_size({0xff, 0xd8, 0xff, 0xfe, 0,    4,    'h', 'i', 0xff, 0xc0, 0,
              17,   8,    0x01, 0xe0, 0x02, 0x80, 3,   1,   0x22, 0},
             640, 480);
  std::vector<std::uint8_t> webp = {'R', 'I', 'F', 'F', 0,  0, 0, 0, 'W', 'E', 'B', 'P',
                                    'V', 'P', '8', 'X', 10, 0, 0, 0, 0,   0,   0,   0};
  webp.insert(webp.end(), {0x7f, 0x02, 0, 0xdf, 0x01, 0, 0, 0});
  check_size(webp, 640, 480);
}

TEST_CASE("what is no image has no size, however it is cut") {
  CHECK_FALSE(image_size("https://example.com/a.png"));
  CHECK_FALSE(image_size("data:image/png;base64,"));
  CHECK_FALSE(image_size("data:image/png;base64,AA"));
  CHECK_FALSE(image_size("data:image/png;base64,####"));
  const auto whole = png(640, 480);
  for (std::size_t length = 0; length < 24; ++length) {
    CHECK_FALSE(image_size(data_url({whole.begin(), whole.begin() + static_cast<long>(length)})));
  }
  // A segment that claims to be longer than the file, and one that claims no length at all.
  CHECK_FALSE(image_size(data_url({0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0})));
  CHECK_FALSE(image_size(data_url({0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
  CHECK_FALSE(image_size(data_url(png(0, 480))));
}

// The documented examples.
TEST_CASE("an image costs what the documentation says") {
  CHECK(image_tokens(data_url(png(1024, 1024)), "high") == 765);
  CHECK(image_tokens(data_url(png(2048, 4096)), "high") == 1105);
  CHECK(image_tokens(data_url(png(4096, 8192)), "low") == 85);
  CHECK(image_tokens(data_url(png(1, 1)), "auto") == 255);
  CHECK(image_tokens("data:image/png;base64,AAAA", "") == 765);  // counts as 1024 by 1024
}

}  // namespace
}  // namespace parley::session
