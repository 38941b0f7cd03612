// SPDX-License-Identifier: MIT
#include "server/playground.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "server/playground_files.h"

namespace parley::server {

namespace {

// Images of a conversation may come from anywhere; scripts, styles and sockets only from here.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: https:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
// The worker in which people's own tool scripts run: it may evaluate, and reach nothing.
constexpr std::string_view kSandboxPolicy = "default-src 'none'; script-src 'unsafe-eval'";

bool asks_for_gzip(const net::HttpRequest& request) {
  return request.header("Accept-Encoding").find("gzip") != std::string_view::npos;
}

}  // namespace

std::optional<net::HttpResponse> playground_response(const net::HttpRequest& request) {
  std::string_view path = request.path;
  if (path == "/") path = "/index.html";
  const auto files = playground_files();
  const auto file = std::ranges::find(files, path, &PlaygroundFile::path);
  if (file == files.end()) return std::nullopt;

  const bool hashed = path.starts_with("/assets/");
  const bool sandbox = path.starts_with("/assets/tool_sandbox-");
  const std::string etag = "\"" + std::string(file->etag) + "\"";
  net::HttpResponse response;
  response.headers = {
      {"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
      {"ETag", etag},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", std::string(sandbox ? kSandboxPolicy : kPagePolicy)},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy", "microphone=(self), camera=(), geolocation=()"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
  };
  if (request.header("If-None-Match").find(etag) != std::string_view::npos) {
    response.status = 304;
    response.content_type.clear();
    return response;
  }
  response.content_type = file->content_type;
  if (!file->gzip.empty() && asks_for_gzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file->gzip;
  } else {
    response.body = file->bytes;
  }
  return response;
}

}  // namespace parley::server
