// SPDX-License-Identifier: MIT
#include "relay/upstream_fault.h"

#include <algorithm>
#include <iterator>

namespace parley::relay {

using engine::FailureKind;

providers::remote::ErrorBody error_body(const Value& error) {
  return {std::string(text_at(error, "message")), std::string(text_at(error, "code")),
          std::string(text_at(error, "type"))};
}

bool ends_session(std::string_view code) {
  constexpr std::string_view kCodes[] = {
      "invalid_api_key", "insufficient_quota", "account_deactivated", "billing_hard_limit_reached",
      "missing_model",   "invalid_model",      "model_not_found",     "beta_api_shape_disabled"};
  return std::ranges::find(kCodes, code) != std::end(kCodes);
}

FailureKind kind_of_close(int code) {
  switch (code) {
    case 1012:  // service restart
    case 1013:  // try again later
      return FailureKind::overloaded;
    case 3000:
      return FailureKind::auth;
    case 1002:
    case 1003:
    case 1007:
    case 1009:
      return FailureKind::protocol;
    case 4000:
      return FailureKind::invalid_request;
    default:
      return FailureKind::unavailable;
  }
}

bool may_pass(FailureKind kind) {
  return kind == FailureKind::rate_limited || kind == FailureKind::overloaded ||
         kind == FailureKind::unavailable || kind == FailureKind::timeout;
}

void blank_out(const std::vector<std::string>& secrets, std::string& frame) {
  constexpr std::string_view kBlank = "***";
  for (const std::string& secret : secrets) {
    for (std::size_t at = frame.find(secret); at != std::string::npos;
         at = frame.find(secret, at + kBlank.size())) {
      frame.replace(at, secret.size(), kBlank);
    }
  }
}

}  // namespace parley::relay
