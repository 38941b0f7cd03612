// SPDX-License-Identifier: MIT
#include "providers/remote/error_body.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "providers/remote/remote_call.h"

namespace parley::providers::remote {

namespace {

using engine::FailureKind;
using Json = nlohmann::json;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The member's text, or its number as text; empty when there is none.
std::string member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer()) return found->dump();
  return {};
}

void fill(std::string& target, std::string text) {
  if (target.empty()) target = std::move(text);
}

void read_object(const Json& object, ErrorBody& body);

void read_detail(const Json& detail, ErrorBody& body) {
  if (detail.is_string()) {
    fill(body.message, detail.get<std::string>());
  } else if (detail.is_object()) {
    read_object(detail, body);
  } else if (detail.is_array() && !detail.empty() && detail.front().is_object()) {
    fill(body.message, member(detail.front(), "msg"));
  }
}

void read_object(const Json& object, ErrorBody& body) {
  if (const auto error = object.find("error"); error != object.end()) {
    if (error->is_object()) {
      read_object(*error, body);
    } else if (error->is_string()) {
      // A sentence, or (beside a message) a code.
      if (object.contains("message"))
        fill(body.code, error->get<std::string>());
      else
        fill(body.message, error->get<std::string>());
    }
  }
  for (const char* name : {"message", "err_msg", "error_description"}) {
    fill(body.message, member(object, name));
  }
  for (const char* name : {"code", "err_code", "status"}) fill(body.code, member(object, name));
  fill(body.type, member(object, "type"));
  // Azure tells the reason one level deeper.
  if (const auto inner = object.find("innererror"); inner != object.end() && inner->is_object()) {
    fill(body.type, member(*inner, "code"));
  }
  if (const auto detail = object.find("detail"); detail != object.end()) read_detail(*detail, body);
  if (const auto base = object.find("base_resp"); base != object.end() && base->is_object()) {
    fill(body.message, member(*base, "status_msg"));
    fill(body.code, member(*base, "status_code"));
  }
  fill(body.message, member(object, "title"));
}

struct CodeKind {
  std::string_view word;  // of the code or the type, in small letters
  FailureKind kind;
};

// Codes and types that mean the same whatever the HTTP status is.
constexpr std::array<CodeKind, 29> kCodes = {{
    {"insufficient_quota", FailureKind::quota},
    {"quota_exceeded", FailureKind::quota},
    {"billing_hard_limit_reached", FailureKind::quota},
    {"billing_not_active", FailureKind::quota},
    {"billing_error", FailureKind::quota},
    {"insufficient_credits", FailureKind::quota},
    {"arrearage", FailureKind::quota},
    {"rate_limit_exceeded", FailureKind::rate_limited},
    {"rate_limit_error", FailureKind::rate_limited},
    {"rate_limit_reached", FailureKind::rate_limited},
    {"resource_exhausted", FailureKind::rate_limited},
    {"too_many_requests", FailureKind::rate_limited},
    {"invalid_api_key", FailureKind::auth},
    {"authentication_error", FailureKind::auth},
    {"permission_error", FailureKind::auth},
    {"invalid_authorization_header", FailureKind::auth},
    {"unauthenticated", FailureKind::auth},
    {"model_not_found", FailureKind::not_found},
    {"not_found_error", FailureKind::not_found},
    {"deploymentnotfound", FailureKind::not_found},
    {"voice_not_found", FailureKind::not_found},
    {"content_filter", FailureKind::content_filter},
    {"content_policy_violation", FailureKind::content_filter},
    {"responsibleaipolicyviolation", FailureKind::content_filter},
    {"data_inspection_failed", FailureKind::content_filter},
    {"overloaded_error", FailureKind::overloaded},
    {"unavailable_error", FailureKind::overloaded},
    {"timeout_error", FailureKind::timeout},
    {"invalid_request_error", FailureKind::invalid_request},
}};

std::optional<FailureKind> kind_of_word(const std::string& word) {
  const std::string small = lower(word);
  const auto* found = std::find_if(kCodes.begin(), kCodes.end(),
                                   [&](const CodeKind& entry) { return entry.word == small; });
  if (found == kCodes.end()) return std::nullopt;
  return found->kind;
}

}  // namespace

ErrorBody read_error_body(std::string_view text) {
  ErrorBody body;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text[begin] == '<') return body;
  text.remove_prefix(begin);
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_object()) {
    read_object(json, body);
  } else if (json.is_array() && !json.empty() && json.front().is_object()) {
    read_object(json.front(), body);  // Google streams errors in a list
  } else if (json.is_string()) {
    body.message = json.get<std::string>();
  } else if (json.is_discarded() && text.front() != '{' && text.front() != '[') {
    body.message = text;
  }
  return body;
}

std::optional<FailureKind> kind_of(const ErrorBody& error) {
  if (const auto kind = kind_of_word(error.code)) return kind;
  return kind_of_word(error.type);
}

}  // namespace parley::providers::remote
