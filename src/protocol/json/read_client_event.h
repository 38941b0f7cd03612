// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/client_event.h"
#include "protocol/json/field_reader.h"
#include "protocol/json/value.h"

namespace parley::protocol::json {

inline constexpr std::size_t kEventIdLengthMax = 512;

// Parses a frame through a document; any client event of the flavour. `event_id` receives the
// client's id as soon as it is known, also when the event is refused. An append's audio is kept in
// `audio` and the event borrows from there.
base::Result<ClientEvent> read_client_event(std::string_view frame, Flavour flavour,
                                            std::string& event_id, std::string& audio,
                                            UnknownFields unknown = UnknownFields::refused);

// The same for a frame whose document a dialect has turned into the flavour's own shape; what it
// left over is passed over.
base::Result<ClientEvent> read_client_event(Value& document, Flavour flavour, std::string& event_id,
                                            std::string& audio, std::size_t id_length_max);

}  // namespace parley::protocol::json
