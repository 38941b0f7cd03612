// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "protocol/json/field_reader.h"
#include "protocol/session_config.h"

namespace parley::protocol::json {

// The `session` of a GA `session.update`: nested, `type` required, which also decides the fields.
SessionPatch read_session_ga(Value& value, const std::string& path, Reading& reading);

// The flat `session` of beta's `session.update` (realtime) and `transcription_session.update`.
SessionPatch read_session_beta(Value& value, const std::string& path, SessionType type,
                               Reading& reading);

}  // namespace parley::protocol::json
