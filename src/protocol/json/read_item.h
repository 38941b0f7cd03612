// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "protocol/client_event.h"
#include "protocol/json/field_reader.h"

namespace parley::protocol::json {

// An item as a client may create it. Audio stays base64: the session knows the format to judge it
// by.
Item read_item(Value& value, const std::string& path, Reading& reading);

// An entry of `response.create`'s input: an item, or {"type":"item_reference","id":…}.
ResponseInput read_response_input(Value& value, const std::string& path, Reading& reading);

}  // namespace parley::protocol::json
