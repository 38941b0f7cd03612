// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/types.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::azure {

// One result of the recogniser, as short audio and `speech.phrase` carry it: what was understood
// (nothing in silence and babble: empty), or why nothing could be. `simple` and `detailed` forms.
// Source: learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
tl::expected<std::string, engine::Failure> read_phrase(const remote::Endpoint& endpoint,
                                                       std::string_view body);

}  // namespace parley::providers::azure
