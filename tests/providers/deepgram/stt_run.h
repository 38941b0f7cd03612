// SPDX-License-Identifier: MIT
// A recogniser over a WebSocket, and one of its jobs on a loop of its own, in the hands of the
// test's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "engine/ports.h"
#include "net/event_loop.h"
#include "tests/net/harness.h"

namespace parley::tests {

using Options = std::map<std::string, std::string>;
using SttMaker = base::Result<std::unique_ptr<engine::SttEngine>> (*)(const config::EngineSection&);

struct SocketPeer {
  const char* provider;
  SttMaker make;
  const char* fake;  // its id
  const char* path;
  std::string heard;  // by the fake, unless scripted
  Options options = {};
};

class SttBench {
 public:
  SttBench() { loops_.start(); }
  ~SttBench() { loops_.stop_and_join(); }
  SttBench(const SttBench&) = delete;
  SttBench& operator=(const SttBench&) = delete;

  // At the fakes, unless `more` says where.
  std::unique_ptr<engine::SttEngine> make(const SocketPeer& peer, const Options& more = {});
  net::EventLoop& loop() { return loops_.at(0); }

 private:
  net::LoopPool loops_{1};
};

// Checks on its way that the job keeps the port's rules: nothing from inside start(), no final
// words before finish(), nothing after the end, and no word taken back that was told as stable.
class SttRun {
 public:
  SttRun(SttBench& bench, engine::SttEngine& engine, engine::SttRequest request = {});
  ~SttRun() { cancel(); }
  SttRun(const SttRun&) = delete;
  SttRun& operator=(const SttRun&) = delete;

  SttRun& push(const std::vector<std::int16_t>& samples);
  SttRun& push(int ms);  // a tone
  SttRun& silence(int ms);
  SttRun& pause();
  SttRun& resume();
  SttRun& finish();
  void cancel();

  // The next event, waited for; false when it was the last one.
  bool next();
  // The words, or the failure's message; the job is gone then.
  std::string end();
  void await_stable(const std::string& words);

  std::string words;       // the latest
  std::size_t stable = 0;  // of them
  std::vector<std::string> partials;
  std::vector<engine::TokenLogprob> logprobs;
  std::optional<engine::Failure> failure;

 private:
  void check_rules(const engine::SttEvent& event);

  net::EventLoop& loop_;
  std::unique_ptr<engine::SttJob> job_;  // the loop's, as the five below
  net::test::Mailbox<engine::SttEvent> events_;
  std::string promised_;
  bool starting_ = true;
  bool finished_ = false;
  bool over_ = false;
  bool broken_ = false;
};

}  // namespace parley::tests
