// SPDX-License-Identifier: MIT
// Azure Speech's recogniser, and one of its jobs on a loop of its own, in the hands of the test's
// thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "net/event_loop.h"
#include "tests/net/harness.h"

namespace parley::tests {

using Options = std::map<std::string, std::string>;

inline constexpr const char* kKey = "test-key";
inline const std::string kHeard = "Hello there.";  // by the fakes, unless scripted

inline constexpr const char* kPath = "/azure-speech";

class Bench {
 public:
  Bench() { loops_.start(); }
  ~Bench() { loops_.stop_and_join(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::unique_ptr<engine::SttEngine> make(const Options& more);
  net::EventLoop& loop() { return loops_.at(0); }

 private:
  net::LoopPool loops_{1};
};

// A tone, or silence.
std::vector<std::int16_t> sound(int ms, int amplitude = 8000);

// Checks on its way that the job keeps the port's rules: nothing from inside start(), no final
// words before finish(), nothing after the end, and no word taken back that was told as stable.
class Run {
 public:
  Run(Bench& bench, engine::SttEngine& engine, engine::SttRequest request = {});
  ~Run() { cancel(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Run& push(const std::vector<std::int16_t>& samples);
  Run& push(int ms) { return push(sound(ms)); }
  Run& pause();
  Run& resume();
  Run& finish();
  void cancel();

  // The next event, waited for; false when it was the last one.
  bool next();
  // "hello there", or the failure's message; the job is gone then.
  std::string end();
  // Until these words have come.
  void await(const std::string& words);

  std::string words;       // the latest
  std::size_t stable = 0;  // of them
  std::vector<std::string> partials;
  std::optional<engine::Failure> failure;

 private:
  void check_rules(const engine::SttEvent& event);

  net::EventLoop& loop_;
  std::unique_ptr<engine::SttJob> job_;  // the loop's, as the six below
  net::test::Mailbox<engine::SttEvent> events_;
  std::string promised_;
  bool starting_ = true;
  bool finished_ = false;
  bool over_ = false;
  bool broken_ = false;
};

// One utterance without trouble.
void check_works(Bench& bench, engine::SttEngine& engine);

}  // namespace parley::tests
