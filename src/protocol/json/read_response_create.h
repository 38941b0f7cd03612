// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "protocol/client_event.h"
#include "protocol/json/field_reader.h"

namespace parley::protocol::json {

// The `response` of a `response.create`.
ResponseCreate read_response_create(Value& value, const std::string& path, Reading& reading);

}  // namespace parley::protocol::json
