// SPDX-License-Identifier: MIT
#include "net/detail/http_text.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace parley::net::detail {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string decode_query_part(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

bool breaks_framing(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  if (breaks_framing(name) || breaks_framing(value)) return;
  head.append(name).append(": ").append(value).append("\r\n");
}

bool is_ours(std::string_view name) {
  return equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "connection") ||
         equals_ignoring_case(name, "transfer-encoding");
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

void parse_target(HttpRequest& request) {
  std::string_view rest = request.target;
  if (!rest.starts_with('/')) {
    if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
      const auto path = rest.find_first_of("/?", scheme + 3);
      rest = path == std::string_view::npos ? "/" : rest.substr(path);
    }
  }
  rest = rest.substr(0, rest.find('#'));
  const auto mark = rest.find('?');
  request.path = percent_decode(rest.substr(0, mark));
  if (request.path.empty()) request.path = "/";
  request.query.clear();
  if (mark == std::string_view::npos) return;

  std::string_view query = rest.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    request.query.emplace_back(decode_query_part(part.substr(0, equals)),
                               equals == std::string_view::npos
                                   ? std::string()
                                   : decode_query_part(part.substr(equals + 1)));
  }
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

namespace {

std::string head_begin(const HttpResponse& response) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  return head.append(reason_phrase(response.status)).append("\r\nServer: parley\r\n");
}

std::string head_end(std::string head, const HttpResponse& response, Connection connection) {
  // Said both ways: HTTP/1.0 closes unless told otherwise.
  append_field(head, "Connection", connection == Connection::close ? "close" : "keep-alive");
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name)) append_field(head, name, value);
  }
  return head.append("\r\n");
}

}  // namespace

std::string response_head(const HttpResponse& response, Connection connection) {
  std::string head = head_begin(response);
  if (status_has_body(response.status)) {
    if (!response.body.empty()) append_field(head, "Content-Type", response.content_type);
    append_field(head, "Content-Length", std::to_string(response.body.size()));
  }
  return head_end(std::move(head), response, connection);
}

std::string stream_head(const HttpResponse& response, Connection connection, bool chunked) {
  std::string head = head_begin(response);
  append_field(head, "Content-Type", response.content_type);
  if (chunked) append_field(head, "Transfer-Encoding", "chunked");
  return head_end(std::move(head), response, connection);
}

std::string chunk(std::string_view piece) {
  char size[2 * sizeof(std::size_t)];
  const auto end = std::to_chars(size, size + sizeof size, piece.size(), 16).ptr;
  std::string out(size, end);
  out.append("\r\n").append(piece).append("\r\n");
  return out;
}

}  // namespace parley::net::detail
