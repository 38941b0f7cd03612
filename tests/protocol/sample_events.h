// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/server_event.h"

// Server events of every kind, several variants each, for the schema check and for comparing shapes
// with the published flows.
namespace parley::protocol {

std::vector<ServerEvent> sample_events();
std::vector<ServerEvent> sample_image_events();  // GA only: beta knows no images

SessionConfig sample_realtime_config();
SessionConfig sample_transcription_config();

}  // namespace parley::protocol
