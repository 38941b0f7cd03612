// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "providers/openai/speech_event_job.h"
#include "providers/remote/endpoint.h"

namespace parley::providers::elevenlabs {

// One utterance over a WebSocket of its own: what is said to the service, in order, and who reads
// what it answers.
struct TtsSocketPlan {
  std::shared_ptr<const remote::Endpoint> endpoint;
  std::string url;  // ws:// or wss://
  net::HeaderList headers;
  std::vector<std::string> messages;
  std::function<std::unique_ptr<openai::SpeechDecoder>()> decoder;
};

// Breaker, retries and deadlines are the endpoint's, as for requests over HTTP. Destroying the job
// sends the close frame at once; a handshake that is still going on is let go.
std::unique_ptr<engine::TtsJob> start_tts_socket(TtsSocketPlan plan, base::Executor& loop,
                                                 engine::Sink<engine::TtsEvent> sink);

}  // namespace parley::providers::elevenlabs
