// SPDX-License-Identifier: MIT
#include "net/multipart.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/assert.h"
#include "net/detail/http_text.h"

namespace parley::net {

namespace {

constexpr std::size_t kPartsMax = 100;
constexpr std::size_t kBoundaryMax = 200;
constexpr std::size_t kPartOverheadBytes = 256;  // its header, about

tl::unexpected<base::Error> invalid(std::string what) {
  return base::fail("invalid_form", std::move(what));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// The value of `name` among a header's parameters: `…; name=value; other="quoted \" text"`.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  for (std::size_t at = header.find(';'); at != std::string_view::npos;) {
    std::string_view rest = trim(header.substr(at + 1));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key(trim(rest.substr(0, equals)));
    rest = trim(rest.substr(equals + 1));
    std::string value;
    std::size_t used = 0;
    if (rest.starts_with('"')) {
      for (used = 1; used < rest.size() && rest[used] != '"'; ++used) {
        if (rest[used] == '\\' && used + 1 < rest.size()) ++used;
        value += rest[used];
      }
      ++used;
    } else {
      used = std::min(rest.find(';'), rest.size());
      value = trim(rest.substr(0, used));
    }
    if (detail::equals_ignoring_case(key, name)) return value;
    header = rest.substr(std::min(used, rest.size()));
    at = header.find(';');
  }
  return std::nullopt;
}

base::Result<FormPart> read_part(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return invalid("a part has no end of its header");
  FormPart part;
  part.body = text.substr(head_end + 4);
  for (std::string_view head = text.substr(0, head_end); !head.empty();) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name(trim(line.substr(0, colon)));
    const std::string_view value = trim(line.substr(colon + 1));
    if (detail::equals_ignoring_case(name, "content-disposition")) {
      part.name = parameter(value, "name").value_or("");
      part.filename = parameter(value, "filename").value_or("");
    } else if (detail::equals_ignoring_case(name, "content-type")) {
      part.content_type = value;
    }
  }
  if (part.name.empty()) return invalid("a part has no name");
  return part;
}

std::string quoted(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '"':
        safe += "%22";
        break;
      case '\r':
        safe += "%0D";
        break;
      case '\n':
        safe += "%0A";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace

base::Result<std::vector<FormPart>> read_form(std::string_view content_type,
                                              std::string_view body) {
  const std::string type(trim(content_type.substr(0, content_type.find(';'))));
  if (!detail::equals_ignoring_case(type, "multipart/form-data")) {
    return invalid("expected multipart/form-data");
  }
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryMax) {
    return invalid("the content type names no boundary");
  }
  const std::string delimiter = "\r\n--" + *boundary;
  const std::string first = delimiter.substr(2);
  std::size_t at = body.find(first);
  // A preamble may come before the first delimiter, which begins a line.
  if (at == std::string_view::npos || (at != 0 && (at < 2 || body.substr(at - 2, 2) != "\r\n"))) {
    return invalid("the body does not begin with its boundary");
  }
  at += first.size();
  std::vector<FormPart> parts;
  while (true) {
    if (body.substr(at, 2) == "--") return parts;
    const std::size_t line_end = body.find("\r\n", at);
    const std::size_t end =
        body.find(delimiter, line_end == std::string_view::npos ? at : line_end);
    if (line_end == std::string_view::npos || end == std::string_view::npos) {
      return invalid("the body ends within a part");
    }
    if (parts.size() == kPartsMax) return invalid("too many parts");
    auto part = read_part(body.substr(line_end + 2, end - std::min(end, line_end + 2)));
    if (!part) return tl::unexpected(std::move(part.error()));
    parts.push_back(std::move(*part));
    at = end + delimiter.size();
  }
}

Form write_form(const std::vector<FormPart>& parts) {
  const auto occurs = [&](const std::string& boundary) {
    return std::any_of(parts.begin(), parts.end(), [&](const FormPart& part) {
      return part.body.find(boundary) != std::string_view::npos;
    });
  };
  std::string boundary;
  std::size_t bytes = 0;
  for (int i = 0; boundary.empty() || occurs(boundary); ++i) {
    boundary = "parley-form-boundary-" + std::to_string(i);
  }
  for (const FormPart& part : parts) bytes += part.body.size() + kPartOverheadBytes;
  Form form;
  form.content_type = "multipart/form-data; boundary=" + boundary;
  form.body.reserve(bytes);
  for (const FormPart& part : parts) {
    PARLEY_ASSERT(part.content_type.find_first_of("\r\n") == std::string::npos);
    form.body +=
        "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + quoted(part.name) + '"';
    if (!part.filename.empty()) form.body += "; filename=\"" + quoted(part.filename) + '"';
    form.body += "\r\n";
    if (!part.content_type.empty() || !part.filename.empty()) {
      form.body += "Content-Type: " +
                   (part.content_type.empty() ? "application/octet-stream" : part.content_type) +
                   "\r\n";
    }
    form.body += "\r\n";
    form.body += part.body;
    form.body += "\r\n";
  }
  form.body += "--" + boundary + "--\r\n";
  return form;
}

}  // namespace parley::net
