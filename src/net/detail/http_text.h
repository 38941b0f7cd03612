// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

// HTTP/1.1 as text (RFC 9112): pure functions on strings, no I/O.
namespace parley::net::detail {

bool equals_ignoring_case(std::string_view a, std::string_view b);  // ASCII

// Undoes %XX (RFC 3986 §2.1); a broken escape stays as it is.
std::string percent_decode(std::string_view text);

// Fills `path` and `query` from `target`; also takes the absolute form that proxies send.
void parse_target(HttpRequest& request);

enum class Connection { keep_alive, close };

// The status line and header fields, up to and including the empty line. Header fields of
// `response` that would break the framing (a line break, our own Content-Length) are left out.
std::string response_head(const HttpResponse& response, Connection connection);

// The same for a body of unknown length: in chunks, or up to the end of the connection (HTTP/1.0).
std::string stream_head(const HttpResponse& response, Connection connection, bool chunked);
// One chunk of a body; `piece` is not empty.
std::string chunk(std::string_view piece);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Whether a response with this status has a body at all (RFC 9110 §6.4.1).
bool status_has_body(int status);

}  // namespace parley::net::detail
