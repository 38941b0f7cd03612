// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/job_channel.h"
#include "engine/ports.h"

// Engines whose every event the test says, over the real ports and job channels. What the tests
// need to know about their jobs is counted.
namespace parley::tests {

template <class Port, class Job, class Request, class Event>
class FakeEngine : public Port {
 public:
  class FakeJob final : public Job {
   public:
    FakeJob(FakeEngine& engine, std::shared_ptr<engine::JobChannel<Event>> channel)
        : engine_(engine), channel_(std::move(channel)) {}
    ~FakeJob() override {
      channel_->close();
      ++engine_.destroyed;
    }

   private:
    FakeEngine& engine_;
    std::shared_ptr<engine::JobChannel<Event>> channel_;
  };

  std::unique_ptr<Job> start(Request request, base::Executor& loop,
                             engine::Sink<Event> sink) override {
    requests.push_back(std::move(request));
    channels.push_back(std::make_shared<engine::JobChannel<Event>>(loop, std::move(sink)));
    for (const auto& event : script) channels.back()->emit(event);
    return std::make_unique<FakeJob>(*this, channels.back());
  }
  std::string describe() const override { return "fake"; }

  std::vector<Event> script;  // said by each job as soon as it starts
  std::vector<Request> requests;
  std::vector<std::shared_ptr<engine::JobChannel<Event>>> channels;
  int destroyed = 0;
};

using FakeLlm = FakeEngine<engine::LlmEngine, engine::LlmJob, engine::LlmRequest, engine::LlmEvent>;

class FakeTts
    : public FakeEngine<engine::TtsEngine, engine::TtsJob, engine::TtsRequest, engine::TtsEvent> {
 public:
  std::vector<std::string> voices() const override { return {"fake"}; }
};

class FakeStt final : public engine::SttEngine {
 public:
  std::unique_ptr<engine::SttJob> start(engine::SttRequest, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    return std::make_unique<HearingJob>(
        *this, std::make_shared<engine::JobChannel<engine::SttEvent>>(loop, std::move(sink)));
  }
  std::string describe() const override { return "fake"; }

  std::string text = "hello";
  std::size_t samples_heard = 0;
  int destroyed = 0;

 private:
  class HearingJob final : public engine::SttJob {
   public:
    HearingJob(FakeStt& engine, std::shared_ptr<engine::JobChannel<engine::SttEvent>> channel)
        : engine_(engine), channel_(std::move(channel)) {}
    ~HearingJob() override {
      channel_->close();
      ++engine_.destroyed;
    }
    void push(std::span<const std::int16_t> samples) override {
      engine_.samples_heard += samples.size();
    }
    void finish() override { channel_->emit(engine::SttFinal{engine_.text}); }

   private:
    FakeStt& engine_;
    std::shared_ptr<engine::JobChannel<engine::SttEvent>> channel_;
  };
};

}  // namespace parley::tests
