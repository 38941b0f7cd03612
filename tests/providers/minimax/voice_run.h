// SPDX-License-Identifier: MIT
// A voice's job on a loop, in the hands of the test's thread.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/ports.h"
#include "net/event_loop.h"
#include "tests/net/harness.h"

namespace parley::tests {

class VoiceRun {
 public:
  VoiceRun(net::EventLoop& loop, engine::TtsEngine& engine, engine::TtsRequest request)
      : loop_(loop) {
    net::test::on_loop(loop_, [&] {
      job_ = engine.start(std::move(request), loop_, [this](engine::TtsEvent event) {
        broken_ = broken_ || starting_ || !job_ || over_;
        over_ = std::holds_alternative<engine::Failure>(event) ||
                std::holds_alternative<engine::TtsDone>(event);
        events_.put(std::move(event));
      });
      starting_ = false;
    });
  }
  ~VoiceRun() { cancel(); }
  VoiceRun(const VoiceRun&) = delete;
  VoiceRun& operator=(const VoiceRun&) = delete;

  void cancel() {
    net::test::on_loop(loop_, [&] { job_.reset(); });
  }
  // Takes events up to the next sound; false when there is none any more.
  bool next() {
    for (;;) {
      const engine::TtsEvent event = events_.take();
      if (const auto* told = std::get_if<engine::TtsWords>(&event)) {
        CHECK(told->words.size() >= words.size());
        words = told->words;
        words_came_first = words_came_first || samples.empty();
        continue;
      }
      if (const auto* sound = std::get_if<engine::TtsAudio>(&event)) {
        CHECK_FALSE(sound->samples.empty());
        CHECK((rate_hz == 0 || rate_hz == sound->rate_hz));
        rate_hz = sound->rate_hz;
        samples.insert(samples.end(), sound->samples.begin(), sound->samples.end());
        ++pieces;
        return true;
      }
      if (const auto* told = std::get_if<engine::Failure>(&event)) failure = *told;
      return false;
    }
  }
  // "done", or the failure's message.
  std::string finish() {
    while (next()) {
    }
    cancel();
    CHECK_FALSE(broken_);
    return failure ? failure->message : "done";
  }

  std::vector<std::int16_t> samples;
  std::vector<engine::WordTime> words;
  bool words_came_first = false;
  int rate_hz = 0;
  int pieces = 0;
  std::optional<engine::Failure> failure;

 private:
  net::EventLoop& loop_;
  std::unique_ptr<engine::TtsJob> job_;  // the loop's, as the four below
  net::test::Mailbox<engine::TtsEvent> events_;
  bool starting_ = true;
  bool over_ = false;
  bool broken_ = false;
};

}  // namespace parley::tests
