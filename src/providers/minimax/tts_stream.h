// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "providers/openai/speech_event_job.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::minimax {

// Reads an answer of T2A v2: sound as hexadecimal digits, and errors under HTTP 200.
std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, int rate_hz);

}  // namespace parley::providers::minimax
