// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"
#include "providers/remote/error_body.h"
#include "relay/document.h"

// What goes wrong upstream, and what it means. Pure functions.
namespace parley::relay {

// The `error` object of an event.
providers::remote::ErrorBody error_body(const Value& error);

// Codes after which an upstream holds no session: about our account, our model, our dialect. The
// client can mend none of them.
bool ends_session(std::string_view code);

// What an upstream means that closes with this code.
engine::FailureKind kind_of_close(int code);

// It may work the next time.
bool may_pass(engine::FailureKind kind);

// "***" in place of each secret. Keys are plain text, so that they look the same inside JSON.
void blank_out(const std::vector<std::string>& secrets, std::string& frame);

}  // namespace parley::relay
