// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "engine/ports.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::azure {

// One utterance that is sent whole and answered once.
struct ShortAudioPlan {
  std::shared_ptr<const remote::Endpoint> endpoint;
  remote::RemoteRequest request;  // all but the sound, which becomes its body
  std::size_t utterance_max = 0;  // samples; longer ones fail
};

// The job of the REST recogniser. At pause() it sends what it has, while the session still waits
// whether the voice goes on: when it does (resume()), the request is closed upstream; when it does
// not (finish()), the answer is there or on its way. Words that come before finish() are told as a
// partial that may still change; the final ones, and a failure, wait for it. Less than 100 ms of
// sound is no words, and no request.
std::unique_ptr<engine::SttJob> start_short_audio(ShortAudioPlan plan, base::Executor& loop,
                                                  engine::Sink<engine::SttEvent> sink);

}  // namespace parley::providers::azure
