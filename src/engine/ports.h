// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "engine/types.h"

// The ports: what an engine implements. One rule for all three: start() is called on a session's
// loop and returns a job; the job's events reach `sink` on that same loop, never from inside
// start(), and never after the job object was destroyed. Destroying the job cancels it at once. An
// engine outlives its jobs and may be used from several loops at the same time.
namespace parley::engine {

template <class Event>
using Sink = std::function<void(Event)>;

class SttJob {
 public:
  virtual ~SttJob() = default;
  // More audio: mono, kHearingRateHz. The samples are copied before push() returns.
  virtual void push(std::span<const std::int16_t> samples) = 0;
  // The voice fell silent after what was pushed so far; it may go on. An engine that recognises in
  // one go may begin now. What is pushed between pause() and finish() is silence.
  virtual void pause() {}
  // The voice goes on after a pause(): what was begun is void.
  virtual void resume() {}
  // No more audio will come; SttFinal or Failure follows.
  virtual void finish() = 0;
};

class SttEngine {
 public:
  virtual ~SttEngine() = default;
  virtual std::unique_ptr<SttJob> start(SttRequest request, base::Executor& loop,
                                        Sink<SttEvent> sink) = 0;
  virtual void warm(base::Executor& loop) { static_cast<void>(loop); }  // as LlmEngine's
  virtual std::string describe() const = 0;  // one line for the start-up screen
};

class LlmJob {
 public:
  virtual ~LlmJob() = default;
};

class LlmEngine {
 public:
  virtual ~LlmEngine() = default;
  virtual std::unique_ptr<LlmJob> start(LlmRequest request, base::Executor& loop,
                                        Sink<LlmEvent> sink) = 0;
  virtual LlmTraits traits() const { return {}; }
  // A request is likely soon: time to open connections. Called on the loop.
  virtual void warm(base::Executor& loop) { static_cast<void>(loop); }
  virtual std::string describe() const = 0;
};

class TtsJob {
 public:
  virtual ~TtsJob() = default;
};

class TtsEngine {
 public:
  virtual ~TtsEngine() = default;
  virtual std::unique_ptr<TtsJob> start(TtsRequest request, base::Executor& loop,
                                        Sink<TtsEvent> sink) = 0;
  virtual std::vector<std::string> voices() const = 0;
  virtual void warm(base::Executor& loop) { static_cast<void>(loop); }  // as LlmEngine's
  virtual std::string describe() const = 0;
};

class McpJob {
 public:
  virtual ~McpJob() = default;
};

class McpClient {
 public:
  virtual ~McpClient() = default;
  virtual std::unique_ptr<McpJob> start(McpRequest request, base::Executor& loop,
                                        Sink<McpEvent> sink) = 0;
};

// What a session needs to hold a conversation. Borrowed: the owner outlives every session.
struct EngineSet {
  SttEngine* stt = nullptr;
  LlmEngine* llm = nullptr;
  TtsEngine* tts = nullptr;
  McpClient* mcp = nullptr;  // null: MCP servers cannot be reached
};

}  // namespace parley::engine
