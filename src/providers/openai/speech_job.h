// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/ports.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

// One request whose answer is sound from its first byte to its last.
struct SpeechPlan {
  std::shared_ptr<const remote::Endpoint> endpoint;
  remote::RemoteRequest request;
  int pcm_rate_hz = 24000;         // of raw PCM, unless the answer's type says otherwise
  bool may_be_compressed = false;  // MP3, Opus and FLAC are welcome as well
};

// The job of every voice that answers so: sound goes on to the session as it comes.
std::unique_ptr<engine::TtsJob> start_speech(SpeechPlan plan, base::Executor& loop,
                                             engine::Sink<engine::TtsEvent> sink);

}  // namespace parley::providers::openai
