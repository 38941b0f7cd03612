// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "providers/openai/speech_event_job.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::elevenlabs {

// How an answer's messages come: over HTTP times count from its begin and its end is the end of the
// body; over a WebSocket they count from each message's own sound and the end is announced.
enum class TtsForm : std::uint8_t { http, websocket };

// Reads the messages of one answer to `text`: sound in base64, and the time of each character.
std::unique_ptr<openai::SpeechDecoder> make_tts_decoder(
    std::shared_ptr<const remote::Endpoint> endpoint, std::string text, int rate_hz, TtsForm form);

}  // namespace parley::providers::elevenlabs
