// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::net {

// One part of a multipart/form-data body; borrows from it.
struct FormPart {
  std::string name;
  std::string filename;      // empty: a plain field
  std::string content_type;  // empty: none was given
  std::string_view body;
};

// Reads a multipart/form-data body (RFC 7578); `content_type` is the request's header with its
// boundary. Errors: code "invalid_form" with what is wrong.
base::Result<std::vector<FormPart>> read_form(std::string_view content_type, std::string_view body);

}  // namespace parley::net
