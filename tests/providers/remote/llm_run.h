// SPDX-License-Identifier: MIT
// A language model's job on a loop of its own, in the hands of the test's thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"
#include "net/event_loop.h"
#include "providers/remote/llm_decoder.h"
#include "tests/net/harness.h"
#include "tests/providers/remote/llm_transcript.h"

namespace parley::tests {

class LlmRun {
 public:
  LlmRun(net::EventLoop& loop, engine::LlmEngine& engine, engine::LlmRequest request)
      : loop_(loop) {
    net::test::on_loop(loop_, [&] {
      job_ = engine.start(std::move(request), loop_, [this](engine::LlmEvent event) {
        early_ = early_ || starting_;
        late_ = late_ || !job_;
        events_.put(std::move(event));
      });
      starting_ = false;
    });
  }
  ~LlmRun() { cancel(); }
  LlmRun(const LlmRun&) = delete;
  LlmRun& operator=(const LlmRun&) = delete;

  void cancel() {
    net::test::on_loop(loop_, [&] { job_.reset(); });
  }
  // The next event, waited for.
  const engine::LlmEvent& next() {
    seen_.push_back(events_.take());
    return seen_.back();
  }
  // All events up to the last one. The job ends as the session's driver ends it.
  std::string finish() {
    while (!providers::remote::is_over(seen_)) next();
    cancel();
    return transcript(seen_);
  }
  const std::vector<engine::LlmEvent>& seen() const { return seen_; }
  const engine::Failure* failure() const {
    return seen_.empty() ? nullptr : std::get_if<engine::Failure>(&seen_.back());
  }
  // Did an event come from inside start(), after the job was gone, or after the last one?
  bool broke_the_rules() {
    const bool more = providers::remote::is_over(seen_) && !events_.empty();
    return early_ || late_ || more;
  }

 private:
  net::EventLoop& loop_;
  std::unique_ptr<engine::LlmJob> job_;  // the loop's
  net::test::Mailbox<engine::LlmEvent> events_;
  std::vector<engine::LlmEvent> seen_;
  bool starting_ = true;
  bool early_ = false;
  bool late_ = false;
};

}  // namespace parley::tests
