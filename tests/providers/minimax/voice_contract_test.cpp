// SPDX-License-Identifier: MIT
// Voices that answer with messages, against the fakes: the tone of 60 ms per character must arrive
// sample by sample, and every fault must end the job with a reason in the engine's name.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "providers/cartesia/tts_engine.h"
#include "providers/elevenlabs/tts_engine.h"
#include "providers/minimax/tts_engine.h"
#include "tests/providers/minimax/voice_bench.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

const std::vector<VoicePeer>& peers() {
  static const std::vector<VoicePeer> all = {
      {"minimax.t2a", "/minimax", providers::minimax::make_tts, {}, 24000, false, true, true},
      {"minimax.t2a",
       "/minimax",
       providers::minimax::make_tts,
       {{"pcm_rate", "16000"}},
       16000,
       false,
       true,
       true},
      {"cartesia.sse", "/cartesia", providers::cartesia::make_tts, {}, 24000, true},
      {"cartesia.bytes",
       "/cartesia",
       providers::cartesia::make_tts,
       {{"word_times", "false"}},
       24000,
       false,
       false},
      {"elevenlabs.timestamps",
       "/elevenlabs",
       providers::elevenlabs::make_tts,
       {},
       24000,
       true,
       true,
       false,
       false},
      {"elevenlabs.tts-ws",
       "/elevenlabs",
       providers::elevenlabs::make_tts,
       {{"mode", "websocket"}},
       24000,
       true,
       true,
       false,
       true,
       true},
  };
  return all;
}

TEST_CASE("every sample arrives, as it comes, over a connection that is used again") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    check_works(bench, *engine, peer);
    fakes.wait(peer.fake, "complete");
    check_works(bench, *engine, peer);
    const json seen = fakes.wait(peer.fake, "complete", 2);
    CHECK(seen[0]["authorized"] == true);
    CHECK((seen[0]["connection"] == seen[1]["connection"]) == !peer.socket);
  }
}

TEST_CASE(
    "a server without times of words is asked for bare sound, and from then on for nothing else") {
  const std::vector<std::pair<VoicePeer, const char*>> all = {
      {{"cartesia.sse", "/cartesia", providers::cartesia::make_tts}, "cartesia.bytes"},
      {{"elevenlabs.timestamps", "/elevenlabs", providers::elevenlabs::make_tts},
       "elevenlabs.tts"}};
  for (const auto& [peer, bare] : all) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    fakes.fault(peer.fake, "404", {{"times", 0}});
    check_works(bench, *engine, peer);
    check_works(bench, *engine, peer);
    CHECK(fakes.requests(peer.fake).size() == 1);
    CHECK(fakes.requests(bare).size() == 2);
    // What neither call knows is a failure like any other.
    fakes.fault(bare, "404", {{"times", 0}});
    const auto other = bench.make(peer);
    VoiceRun run(bench.loop(), *other, saying());
    CHECK(run.finish().starts_with("tts.mine "));
    CHECK(run.failure->kind == FailureKind::not_found);
  }
}

TEST_CASE("sound that waits for its words is heard when the answer breaks off") {
  for (const auto& peer : peers()) {
    if (!peer.words) continue;
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.script(peer.fake, {{"piece_bytes", 4800}});  // 100 ms
    for (const char* kind : {"truncate", "reset"}) {
      fakes.fault(peer.fake, kind, {{"at", 2}});
      VoiceRun run(bench.loop(), *engine, saying());
      CHECK(run.finish().starts_with("tts.mine "));
      // A reset may take back what had not been read yet.
      if (kind == std::string_view("truncate")) CHECK_FALSE(run.samples.empty());
    }
  }
}

TEST_CASE("sound of a message is passed on before the rest of it is there") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    fakes.fault(peer.fake, "hold", {{"at", 3}});
    VoiceRun run(bench.loop(), *engine, saying());
    CHECK(run.next());
    fakes.release(peer.fake);
    CHECK(run.finish() == "done");
    CHECK(run.pieces > 1);
    check_sound(run, peer);
  }
}

TEST_CASE("messages of any size, cut anywhere, lose no sample") {
  for (const auto& peer : peers()) {
    for (const int size : {1, 3, 4801, 100000}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(size);
      Fakes fakes;
      VoiceBench bench;
      const auto engine = bench.make(peer);
      // One byte at a time would make very many messages.
      const std::string text = size < 100 ? "H" : kText;
      fakes.script(peer.fake, {{"piece_bytes", size}});
      if (size > 100) fakes.fault(peer.fake, "slow_drip", {{"bytes", 1021}, {"every_ms", 0}});
      VoiceRun run(bench.loop(), *engine, saying(text));
      CHECK(run.finish() == "done");
      check_sound(run, peer, text);
    }
  }
}

TEST_CASE("words come before their sound, where the service tells them") {
  for (const auto& peer : peers()) {
    if (!peer.words) continue;
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    VoiceRun run(bench.loop(), *engine, saying());
    CHECK(run.finish() == "done");
    CHECK(run.words_came_first);
    REQUIRE(run.words.size() == 5);
    std::string said;
    int before_ms = 0;
    for (const auto& word : run.words) {
      said += kText.substr(static_cast<std::size_t>(word.text_begin),
                           static_cast<std::size_t>(word.text_end - word.text_begin)) +
              "|";
      CHECK(word.start_ms >= before_ms);
      CHECK(word.end_ms > word.start_ms);
      before_ms = word.start_ms;
    }
    CHECK(said == "One|two|three|four|five|");
    CHECK(run.words.back().end_ms <= static_cast<int>(kText.size()) * 60);
  }
}

TEST_CASE("a cancelled voice is closed upstream at once, in every phase, and leaves no socket") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    {
      VoiceBench bench;
      const auto engine = bench.make(peer);
      fakes.script(peer.fake, {{"piece_bytes", 4801}});
      int cancelled = 0;
      // A handshake that is let go ends by its own deadline.
      if (!peer.socket) {
        fakes.fault(peer.fake, "stall_headers");
        VoiceRun run(bench.loop(), *engine, saying());
        fakes.wait(peer.fake, "received");
        run.cancel();
        fakes.wait(peer.fake, "closed_by_client", ++cancelled);
      }
      for (const int at : {3, 5}) {
        CAPTURE(at);
        fakes.fault(peer.fake, "hold", {{"at", at}});
        VoiceRun run(bench.loop(), *engine, saying());
        CHECK(run.next());
        run.cancel();
        const json seen = fakes.wait(peer.fake, "closed_by_client", ++cancelled);
        CHECK(seen.back()["ended"] == "closed_by_client");
      }
      {
        VoiceRun run(bench.loop(), *engine, saying());
        run.cancel();
      }
      check_works(bench, *engine, peer);
      fakes.wait(peer.fake, "idle");
    }
    fakes.wait(peer.fake, "no_sockets");
  }
}

struct StatusCase {
  const char* kind;
  std::set<FailureKind> means;
  std::size_t tries;  // with one retry allowed
};

TEST_CASE("every refusal has its meaning, and is tried again only where that may help") {
  using enum FailureKind;
  const std::vector<StatusCase> cases = {
      {"400", {invalid_request}, 1},
      {"401", {auth}, 1},
      {"403", {auth}, 1},
      {"404", {not_found}, 1},
      {"429", {rate_limited}, 2},
      {"500", {unavailable}, 2},
      {"503", {overloaded, unavailable}, 2},
      {"quota", {quota}, 1},
  };
  for (const auto& peer : peers()) {
    for (const auto& c : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(c.kind));
      // Of these a 404 has another meaning: see "a server without times of words".
      if (std::string(c.kind) == "404" && peer.words && !peer.socket) continue;
      Fakes fakes;
      VoiceBench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
      VoiceRun run(bench.loop(), *engine, saying());
      const std::string told = run.finish();
      CAPTURE(told);
      REQUIRE(run.failure.has_value());
      CHECK(c.means.count(run.failure->kind) == 1);
      CHECK(told.starts_with("tts.mine "));
      CHECK(told.find(kKey) == std::string::npos);
      CHECK(run.samples.empty());
      CHECK(fakes.requests(peer.fake).size() == c.tries);
    }
  }
}

TEST_CASE("a moment's trouble is hidden by one more try") {
  for (const auto& peer : peers()) {
    for (const char* kind : {"429", "500", "503", "refuse"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(kind));
      Fakes fakes;
      VoiceBench bench;
      const auto engine = bench.make(peer);
      json manner = json::object();
      if (std::string(kind) != "refuse") manner["retry_after_ms"] = 1;
      fakes.fault(peer.fake, kind, manner);
      check_works(bench, *engine, peer);
      CHECK(fakes.requests(peer.fake).size() == 2);
    }
  }
}

struct FaultCase {
  const char* kind;
  std::set<FailureKind> means;
  bool in_stream;  // strikes after some pieces
};

TEST_CASE("every fault at every stage of a voice ends the job, and the next one works") {
  using enum FailureKind;
  const std::vector<FaultCase> cases = {
      {"stall_headers", {timeout}, false},
      {"html_200", {protocol}, false},
      {"error_200", {protocol, unavailable}, false},
      {"redirect", {protocol}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable, protocol}, true},
      {"reset", {unavailable}, true},
      {"garbage", {protocol, unavailable}, true},
      {"early_close", {unavailable}, true},
      {"error", {unavailable, protocol}, true},
  };
  for (const auto& peer : peers()) {
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    const auto hasty = bench.make(
        peer, {{"retries", "0"}, {"first_byte_timeout_ms", "300"}, {"idle_timeout_ms", "150"}});
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    for (const auto& c : cases) {
      const std::string kind = c.kind;
      // Behind bare sound these are sound, or its end.
      if (!peer.events && (kind == "garbage" || kind == "early_close" || kind == "error")) continue;
      if (!peer.marks_end && kind == "early_close") continue;
      for (int at = 1; at <= (c.in_stream ? 3 : 1); ++at) {
        CAPTURE(std::string(peer.fake));
        CAPTURE(kind);
        CAPTURE(at);
        fakes.fault(peer.fake, c.kind, c.in_stream ? json{{"at", at}} : json::object());
        const bool stalls = c.means.count(timeout) != 0;
        VoiceRun run(bench.loop(), stalls ? *hasty : *engine, saying());
        const std::string told = run.finish();
        CAPTURE(told);
        REQUIRE(run.failure.has_value());
        CHECK(c.means.count(run.failure->kind) == 1);
        CHECK(told.starts_with("tts.mine "));
        CHECK(told.find(kKey) == std::string::npos);
        if (!c.in_stream) CHECK(run.samples.empty());
        fakes.wait(peer.fake, "idle");
        check_works(bench, *engine, peer);
      }
    }
  }
}

TEST_CASE("a slow voice is no broken voice") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    VoiceBench bench;
    const auto engine = bench.make(peer);
    fakes.fault(peer.fake, "slow_drip", {{"bytes", 7}, {"every_ms", 0}});
    VoiceRun run(bench.loop(), *engine, saying("Hi"));
    CHECK(run.finish() == "done");
    check_sound(run, peer, "Hi");
  }
}

TEST_CASE("a voice that is away, silent or not secure is told as such") {
  Fakes fakes;
  VoiceBench bench;
  const json places = fakes.addresses();
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"refused", "tts.mine cannot be reached"},
      {"silent", "tts.mine took too long to begin its answer"},
      {"not_tls", "tts.mine cannot be reached securely"},
      {"https_wrong_host", "tts.mine cannot be reached securely"},
  };
  for (const auto& peer : peers()) {
    for (const auto& [place, told] : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(place));
      if (!places.contains(place)) continue;
      std::string url = places[place].get<std::string>();
      const bool secure = std::string(place).find("tls") != std::string::npos;
      if (url.find("://") == std::string::npos) url = (secure ? "https://" : "http://") + url;
      const auto engine =
          bench.make(peer, {{"base_url", url}, {"first_byte_timeout_ms", "200"}, {"retries", "0"}});
      VoiceRun run(bench.loop(), *engine, saying());
      const std::string heard = run.finish();
      CAPTURE(heard);
      CHECK(heard.starts_with(told));
    }
  }
}

}  // namespace
}  // namespace parley::tests
