// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/ports.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

// Turns the messages of one answer into the session's events. Pure. Each function appends to `out`;
// once it appended TtsDone or Failure, none is called again.
class SpeechDecoder {
 public:
  virtual ~SpeechDecoder() = default;
  // One message: the data of a server-sent event, a JSON object, a WebSocket's text. May be no JSON
  // at all.
  virtual void on_message(std::string_view json, std::vector<engine::TtsEvent>& out) = 0;
  // The answer is over in good order. Appends TtsDone, or a Failure when the end was not announced.
  virtual void on_end(std::vector<engine::TtsEvent>& out) = 0;
  // The answer broke off. Appends the sound that was still held back, if any.
  virtual void on_break(std::vector<engine::TtsEvent>&) {}
};

// Has the job's last event been told?
bool is_over(const std::vector<engine::TtsEvent>& events);

// That a server lacks a call, known to all requests of an engine, on any thread.
using Memory = std::shared_ptr<std::atomic<bool>>;
using BareSpeech = std::function<std::unique_ptr<engine::TtsJob>(engine::Sink<engine::TtsEvent>)>;
// The same, and once it gave sound it is remembered to be the way.
BareSpeech remembering(Memory memory, BareSpeech bare);

// One request whose answer is a stream of messages: server-sent events, or JSON objects one after
// the other; its first character tells which.
struct SpeechEventPlan {
  std::shared_ptr<const remote::Endpoint> endpoint;
  remote::RemoteRequest request;
  std::function<std::unique_ptr<SpeechDecoder>()> decoder;
  // What is done where there is no such call (404), as with servers that are only like the service:
  // a job that asks for bare sound. Called once, on the loop. Empty: the request fails.
  BareSpeech otherwise = {};
};

// The job of every voice that answers so. A refusal inside an accepted answer is tried again where
// one outside would be, as often as the endpoint allows, before anything was heard.
std::unique_ptr<engine::TtsJob> start_speech_events(SpeechEventPlan plan, base::Executor& loop,
                                                    engine::Sink<engine::TtsEvent> sink);

}  // namespace parley::providers::openai
