// SPDX-License-Identifier: MIT
#include "server/static_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace parley::server {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytesMax = 32u << 20u;

std::string_view content_type(const fs::path& path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes = {{
      {".css", "text/css; charset=utf-8"},
      {".gif", "image/gif"},
      {".html", "text/html; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".jpg", "image/jpeg"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".mp3", "audio/mpeg"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".wav", "audio/wav"},
      {".woff2", "font/woff2"},
  }};
  const std::string extension = path.extension().string();
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& row) { return row.first == extension; });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

// Nothing: a part of the path is hidden or climbs.
std::optional<fs::path> relative_path(std::string_view path) {
  fs::path relative;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty()) continue;
    if (part.front() == '.' || part.find('\\') != std::string_view::npos ||
        part.find('\0') != std::string_view::npos) {
      return std::nullopt;
    }
    relative /= part;
  }
  return relative;
}

// The file behind a path, links followed, if it is one and inside of the folder.
std::optional<fs::path> find_file(const fs::path& folder, const fs::path& relative) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return std::nullopt;
  fs::path file = fs::canonical(root / relative, error);
  if (error) return std::nullopt;
  if (fs::is_directory(file, error)) file = fs::canonical(file / "index.html", error);
  if (error || !fs::is_regular_file(file, error)) return std::nullopt;
  const auto inside = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  return inside.first == root.end() ? std::optional<fs::path>(file) : std::nullopt;
}

}  // namespace

std::optional<net::HttpResponse> static_file_response(const std::string& folder,
                                                      const net::HttpRequest& request) {
  if (folder.empty()) return std::nullopt;
  constexpr std::string_view kStatic = "/static/";
  const std::string_view path = request.path;
  auto relative = relative_path(path);
  if (!relative) return std::nullopt;
  auto file = find_file(folder, *relative);
  if (!file && path.starts_with(kStatic)) {
    relative = relative_path(path.substr(kStatic.size()));
    if (relative) file = find_file(folder, *relative);
  }
  if (!file) return std::nullopt;

  std::error_code error;
  const auto bytes = fs::file_size(*file, error);
  if (error || bytes > kFileBytesMax) return std::nullopt;
  std::ifstream stream(*file, std::ios::binary);
  if (!stream) return std::nullopt;
  net::HttpResponse response;
  response.content_type = content_type(*file);
  response.headers = {{"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  response.body.assign(std::istreambuf_iterator<char>(stream), {});
  return response;
}

}  // namespace parley::server
