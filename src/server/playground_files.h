// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace parley::server {

// A file of the playground (web/), part of the program.
struct PlaygroundFile {
  std::string_view path;  // "/index.html"
  std::string_view content_type;
  std::string_view etag;  // without quotes
  std::string_view bytes;
  std::string_view gzip;  // the same compressed; empty: not smaller
};

// Empty when the program was built without the page. Made by web/embed.mjs.
std::span<const PlaygroundFile> playground_files();

}  // namespace parley::server
