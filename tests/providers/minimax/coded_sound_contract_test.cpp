// SPDX-License-Identifier: MIT
// Servers of OpenAI's speech API that answer with coded sound, against the fake.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>

#include "providers/openai/speech_engine.h"
#include "tests/providers/minimax/voice_bench.h"

namespace parley::tests {
namespace {

// Coded sound has no known samples: its length, its rate and its loudness tell.
TEST_CASE("servers of OpenAI's API may answer with MP3, Opus or FLAC, where that was asked for") {
  struct Format {
    const char* name;
    int rate_hz;
  };
  for (const Format format : {Format{"mp3", 24000}, {"opus", 48000}, {"flac", 24000}}) {
    for (const int size : {1, 97, 4801, 1000000}) {
      CAPTURE(std::string(format.name));
      CAPTURE(size);
      const VoicePeer peer = {"openai.speech",
                              "/openai/v1",
                              providers::openai::make_speech,
                              {{"response_format", format.name}}};
      Fakes fakes;
      VoiceBench bench;
      const auto engine = bench.make(peer);
      fakes.script(peer.fake, {{"piece_bytes", size}});
      VoiceRun run(bench.loop(), *engine, saying());
      CHECK(run.finish() == "done");
      CHECK(run.rate_hz == format.rate_hz);
      const double ms = static_cast<double>(run.samples.size()) * 1000 / run.rate_hz;
      const double said_ms = static_cast<double>(kText.size()) * 60;
      CHECK(ms >= said_ms);
      CHECK(ms < said_ms + 100);  // MP3 comes in whole frames
      double power = 0;
      for (const auto sample : run.samples) power += static_cast<double>(sample) * sample;
      const double loudness = std::sqrt(power / static_cast<double>(run.samples.size()));
      CHECK(loudness == doctest::Approx(0.3 * 32767 / std::numbers::sqrt2).epsilon(0.1));
    }
  }
}

TEST_CASE("coded sound is played while it comes, and faults in it end the job with a reason") {
  for (const char* format : {"mp3", "opus"}) {
    CAPTURE(std::string(format));
    const VoicePeer peer = {"openai.speech",
                            "/openai/v1",
                            providers::openai::make_speech,
                            {{"response_format", format}}};
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.script(peer.fake, {{"piece_bytes", 1500}});
    {
      fakes.fault(peer.fake, "hold", {{"at", 3}});
      VoiceRun run(bench.loop(), *engine, saying());
      CHECK(run.next());
      fakes.release(peer.fake);
      CHECK(run.finish() == "done");
    }
    for (const char* kind : {"truncate", "reset"}) {
      fakes.fault(peer.fake, kind, {{"at", 2}});
      VoiceRun run(bench.loop(), *engine, saying());
      CHECK(run.finish().starts_with("tts.mine broke off its answer"));
    }
    fakes.fault(peer.fake, "garbage", {{"at", 0}});
    VoiceRun run(bench.loop(), *engine, saying());
    CHECK(run.finish() == "tts.mine sent text in place of sound");
  }
}

TEST_CASE("what comes in place of the coded sound that was asked for is recognised") {
  const VoicePeer peer = {
      "openai.speech", "/openai/v1", providers::openai::make_speech, {{"response_format", "mp3"}}};
  const auto hear = [&](const char* sent, bool exact) {
    CAPTURE(std::string(sent));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"format", sent}});
    VoiceRun run(bench.loop(), *engine, saying());
    const std::string told = run.finish();
    if (exact) check_sound(run, peer);
    return told;
  };
  for (const char* sent : {"pcm", "wav", "flac"}) CHECK(hear(sent, true) == "done");
  CHECK(hear("opus", false) == "done");
  CHECK(hear("aac", false) == "tts.mine answered with audio/aac, which was not asked for");
}

}  // namespace
}  // namespace parley::tests
