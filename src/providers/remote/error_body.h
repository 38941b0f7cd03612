// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/types.h"
#include "providers/remote/endpoint.h"

// What engines write into their error answers, and what it means. Pure functions.
namespace parley::providers::remote {

// All parts may be empty. As the engine wrote them: not yet fit for a client.
struct ErrorBody {
  std::string message;
  std::string code;  // numbers as text
  std::string type;
};

// Reads `error.{message,code,type,status}`, `error`, `detail` (text, object or list), `message`,
// `err_msg`, `base_resp.{status_msg,status_code}` and `title`; else a text as it is. Of HTML
// (a proxy's answer) nothing is kept.
ErrorBody read_error_body(std::string_view body);

// What an error's own code or type says; nothing when it says nothing known.
std::optional<engine::FailureKind> kind_of(const ErrorBody& error);

// An error told inside an answer that was accepted (an event of the stream, a JSON body).
// `otherwise` is its kind when code and type say nothing.
engine::Failure failure_of_error(const Endpoint& endpoint, const ErrorBody& error,
                                 engine::FailureKind otherwise);

}  // namespace parley::providers::remote
