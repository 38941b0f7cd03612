// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "providers/openai/speech_event_job.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::cartesia {

// Reads the events of one answer to `text`: sound in base64, and word times.
std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string text, int rate_hz);

}  // namespace parley::providers::cartesia
