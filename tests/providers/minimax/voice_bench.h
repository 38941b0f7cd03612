// SPDX-License-Identifier: MIT
// Voices against the fakes: who they are, and what must be heard of them.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "config/options.h"
#include "net/event_loop.h"
#include "tests/providers/minimax/voice_run.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {

using Options = std::map<std::string, std::string>;
using Maker = base::Result<std::unique_ptr<engine::TtsEngine>> (*)(const config::EngineSection&);

inline constexpr const char* kKey = "test-key";
inline const std::string kText = "One two three four five.";

struct VoicePeer {
  const char* fake;  // its id
  const char* path;
  Maker make;
  Options options = {};
  int rate_hz = 24000;
  bool words = false;       // tells when each is spoken
  bool events = true;       // messages, not bare sound
  bool errors_200 = false;  // says what is wrong under HTTP 200
  bool marks_end = true;    // an answer without its last message is not whole
  bool socket = false;      // a WebSocket per request
};

class VoiceBench {
 public:
  VoiceBench() { loops_.start(); }
  ~VoiceBench() { loops_.stop_and_join(); }
  VoiceBench(const VoiceBench&) = delete;
  VoiceBench& operator=(const VoiceBench&) = delete;

  std::unique_ptr<engine::TtsEngine> make(const VoicePeer& peer, const Options& more = {}) {
    config::EngineSection section{"tts", "mine", "any", peer.options, {}};
    section.options.emplace("base_url", Fakes::url(peer.path));
    section.options.emplace("api_key", kKey);
    for (const auto& [key, value] : more) section.options[key] = value;
    auto made = peer.make(section);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return std::move(*made);
  }
  net::EventLoop& loop() { return loops_.at(0); }

 private:
  net::LoopPool loops_{1};
};

inline engine::TtsRequest saying(const std::string& text = kText) { return {text, "marin"}; }

// The fakes' tone, as they make it: one second of 400 Hz, again and again.
inline std::vector<std::int16_t> tone(std::size_t characters, int rate_hz) {
  std::vector<std::int16_t> samples(characters * 60 * static_cast<std::size_t>(rate_hz) / 1000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto at = static_cast<double>(i % static_cast<std::size_t>(rate_hz));
    const double wave = std::sin(2 * std::numbers::pi * 400 * at / rate_hz);
    samples[i] = static_cast<std::int16_t>(std::floor(0.3 * 32767 * wave + 0.5));
  }
  return samples;
}

inline void check_sound(const VoiceRun& run, const VoicePeer& peer,
                        const std::string& text = kText) {
  CHECK(run.rate_hz == peer.rate_hz);
  CHECK((run.samples == tone(text.size(), peer.rate_hz)));
}

// One turn without trouble.
inline void check_works(VoiceBench& bench, engine::TtsEngine& engine, const VoicePeer& peer) {
  VoiceRun run(bench.loop(), engine, saying());
  CHECK(run.finish() == "done");
  check_sound(run, peer);
}

}  // namespace parley::tests
