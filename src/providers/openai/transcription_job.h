// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/ports.h"
#include "providers/openai/transcription_queue.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

// One utterance that is sent whole and answered once. Shared by what all its requests have in
// common.
struct TranscriptionPlan {
  std::shared_ptr<const remote::Endpoint> endpoint;
  std::function<remote::RemoteRequest(std::string_view file)> request;
  std::shared_ptr<TranscriptionQueue> queue;  // null: as many at a time as there are
  bool webm = false;                          // else WAV
  std::size_t samples_min = 0;    // shorter sound is made so long with silence (WAV only)
  std::size_t utterance_max = 0;  // samples; longer ones fail
  bool logprobs = false;
};

// The job of a recogniser that hears an utterance in one go. At pause() it sends what it has, while
// the session still waits whether the voice goes on: when it does (resume()), the request is closed
// upstream; when it does not (finish()), the answer is there or well on its way. Words that come
// before finish() are told as partials that may still change; the final ones, and a failure, wait
// for it. What holds less than 100 ms is answered with no words and no request, as services refuse
// it.
std::unique_ptr<engine::SttJob> start_transcription(TranscriptionPlan plan, base::Executor& loop,
                                                    engine::Sink<engine::SttEvent> sink);

}  // namespace parley::providers::openai
