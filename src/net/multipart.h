// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::net {

// One part of a multipart/form-data body; borrows its body.
struct FormPart {
  std::string name;
  std::string filename;      // empty: a plain field
  std::string content_type;  // empty: none was given
  std::string_view body;
};

// Reads a multipart/form-data body (RFC 7578); `content_type` is the request's header with its
// boundary. Errors: code "invalid_form" with what is wrong.
base::Result<std::vector<FormPart>> read_form(std::string_view content_type, std::string_view body);

// A form to send: its content type, which names the boundary, and its body.
struct Form {
  std::string content_type;
  std::string body;
};

// Writes a form, as browsers do (WHATWG HTML, "multipart/form-data encoding algorithm"): quotes and
// line breaks in names become %22, %0D and %0A, and a file without a content type is
// application/octet-stream. The boundary occurs in no part, and equal parts give equal forms.
// Line breaks in a content type are an error of the caller.
Form write_form(const std::vector<FormPart>& parts);

}  // namespace parley::net
