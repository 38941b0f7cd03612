// SPDX-License-Identifier: MIT
// Recognisers over a WebSocket against the fakes: what they hear, and every fault at every stage.
// With PARLEY_DEEPGRAM_URL and PARLEY_DEEPGRAM_KEY (or PARLEY_ELEVENLABS_…) set, one utterance also
// goes to the real service.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "providers/deepgram/stt_engine.h"
#include "providers/elevenlabs/scribe_engine.h"
#include "tests/providers/deepgram/stt_run.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

const std::vector<SocketPeer>& peers() {
  static const std::vector<SocketPeer> all = {
      {"deepgram", providers::deepgram::make_stt, "deepgram.listen", "/deepgram", "hello there"},
      {"deepgram",
       providers::deepgram::make_stt,
       "deepgram.flux",
       "/deepgram",
       "hello there",
       {{"model", "flux-general-en"}}},
      {"elevenlabs", providers::elevenlabs::make_scribe, "elevenlabs.scribe", "/elevenlabs",
       "Hello there."},
  };
  return all;
}

void check_works(SttBench& bench, engine::SttEngine& engine, const SocketPeer& peer) {
  SttRun run(bench, engine);
  CHECK(run.push(300).finish().end() == peer.heard);
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("parley-test-" + std::to_string(base::random_seed()))) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

TEST_CASE("words come while somebody speaks, and are settled at the end") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    SttRun run(bench, *engine);
    run.push(150).push(7).push(143).push(200);
    while (run.words.empty()) REQUIRE(run.next());
    CHECK(run.finish().end() == peer.heard);
    CHECK_FALSE(run.partials.empty());
    const json seen = fakes.wait(peer.fake, "ended");
    CHECK(seen.at(0)["authorized"] == true);
    CHECK(seen.at(0)["audio"]["bytes"] == 2 * 500 * 16);
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("over TLS, from a server whose authority is known, and no other") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const json places = fakes.addresses();
    if (!places.contains("https")) return;
    const TemporaryFile authority(places["ca_pem"]);
    const std::string url = places["https"].get<std::string>() + peer.path;
    const auto known = bench.make(peer, {{"base_url", url}, {"ca_file", authority.path()}});
    check_works(bench, *known, peer);
    const auto unknown = bench.make(peer, {{"base_url", url}, {"retries", "0"}});
    SttRun run(bench, *unknown);
    CHECK(run.push(300).finish().end().starts_with("stt.mine cannot be reached securely"));
  }
}

TEST_CASE("an utterance without sound is no words, and sound without words ends too") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    CHECK(SttRun(bench, *engine).finish().end().empty());
    fakes.script(peer.fake, {{"text", ""}, {"partials", json::array()}});
    CHECK(SttRun(bench, *engine).push(300).finish().end().empty());
  }
}

struct StatusCase {
  const char* kind;
  FailureKind means;
  std::size_t tries;  // with one retry allowed
};

TEST_CASE("every refusal is told in the engine's name, tried again only where that may help") {
  using enum FailureKind;
  const std::vector<StatusCase> cases = {
      {"400", invalid_request, 1}, {"401", auth, 1},         {"403", auth, 1},
      {"404", not_found, 1},       {"429", rate_limited, 2}, {"500", unavailable, 2}};
  for (const auto& peer : peers()) {
    for (const auto& c : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(c.kind));
      Fakes fakes;
      SttBench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, c.kind, {{"times", 2}, {"retry_after", 1}});
      SttRun run(bench, *engine);
      const std::string told = run.push(300).finish().end();
      CAPTURE(told);
      REQUIRE(run.failure.has_value());
      CHECK(run.failure->kind == c.means);
      CHECK(told.starts_with("stt.mine "));
      CHECK(told.find("test-key") == std::string::npos);
      CHECK(run.partials.empty());
      CHECK(fakes.requests(peer.fake).size() == c.tries);
    }
  }
}

TEST_CASE("a moment's trouble before any word is hidden by sending the sound again") {
  for (const auto& peer : peers()) {
    for (const char* kind : {"429", "500", "refuse", "empty"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(kind));
      Fakes fakes;
      SttBench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, kind);
      check_works(bench, *engine, peer);
      const json seen = fakes.requests(peer.fake);
      REQUIRE(seen.size() == 2);
      CHECK(seen[1]["audio"]["bytes"] == 2 * 300 * 16);
    }
  }
}

struct FaultCase {
  const char* kind;
  std::set<FailureKind> means;
  bool in_body;  // strikes after some messages
};

TEST_CASE("every fault at every stage ends the job with a reason, and the next one works") {
  using enum FailureKind;
  const std::vector<FaultCase> cases = {
      {"refuse", {unavailable}, false},
      {"stall_headers", {timeout}, false},
      {"html_200", {protocol, unavailable}, false},
      {"error_200", {protocol, unavailable}, false},
      {"redirect", {protocol, unavailable}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable}, true},
      {"reset", {unavailable}, true},
      {"garbage", {protocol, unavailable}, true},
      {"early_close", {unavailable}, true},
      {"error", {unavailable}, true},
  };
  for (const auto& peer : peers()) {
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    for (const auto& c : cases) {
      for (int at = 1; at <= (c.in_body ? 2 : 1); ++at) {
        for (const bool paused : {false, true}) {
          CAPTURE(std::string(peer.fake));
          CAPTURE(std::string(c.kind));
          CAPTURE(at);
          CAPTURE(paused);
          fakes.fault(peer.fake, c.kind, c.in_body ? json{{"at", at}} : json::object());
          // A breaker of its own: enough stalls would open it.
          const auto hasty =
              bench.make(peer, {{"retries", "0"},
                                {"first_byte_timeout_ms", c.in_body ? "5000" : "200"},
                                {"final_timeout_ms", "200"}});
          const bool stalls = c.means.count(timeout) != 0;
          SttRun run(bench, stalls ? *hasty : *engine);
          run.push(300);
          if (paused) run.pause();
          const std::string told = run.finish().end();
          CAPTURE(told);
          REQUIRE(run.failure.has_value());
          CHECK(c.means.count(run.failure->kind) == 1);
          CHECK(run.failure->code == "server_error");
          CHECK(told.starts_with("stt.mine "));
          CHECK(told.find("test-key") == std::string::npos);
          fakes.wait(peer.fake, "idle");
          check_works(bench, *engine, peer);
        }
      }
    }
  }
}

TEST_CASE("an orderly close before the last words is no end, unless the service ends so") {
  for (const auto& peer : peers()) {
    const bool ends_so = peer.fake == std::string("deepgram.flux");
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.fault(peer.fake, "early_close", {{"at", 2}, {"code", 1000}});
    SttRun run(bench, *engine);
    run.push(300).finish().end();
    if (!ends_so) REQUIRE(run.failure.has_value());
    check_works(bench, *engine, peer);
  }
}

TEST_CASE("messages may come in any pieces") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    fakes.fault(peer.fake, "slow_drip");
    check_works(bench, *bench.make(peer), peer);
  }
}

TEST_CASE("a job that is destroyed closes its connection at once") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    int closed = 0;
    for (const bool finished : {false, true}) {
      fakes.fault(peer.fake, "stall_body");
      SttRun run(bench, *engine);
      run.push(300).pause();
      if (finished) run.finish();
      ++closed;
      fakes.wait(peer.fake, "answering", closed);
      run.cancel();
      fakes.wait(peer.fake, "closed_by_client", closed);
    }
    check_works(bench, *engine, peer);
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("a job that is destroyed while its connection is being made leaves at once") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    fakes.fault(peer.fake, "stall_headers");
    SttRun run(bench, *engine);
    run.push(300);
    fakes.wait(peer.fake, "started");
    run.cancel();
    fakes.wait(peer.fake, "closed_by_client");
    fakes.wait("*", "no_sockets");
    check_works(bench, *engine, peer);
  }
}

TEST_CASE("who is asked for a short pause waits for it, within the turn and in the next one") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    fakes.fault(peer.fake, "429", {{"times", 2}, {"retry_after", 1}});
    CHECK(SttRun(bench, *engine).push(300).finish().end().find("429") != std::string::npos);
    check_works(bench, *engine, peer);
    const json seen = fakes.requests(peer.fake);
    REQUIRE(seen.size() == 3);
    for (std::size_t i = 1; i < seen.size(); ++i) {
      const double wait =
          seen[i]["started_at_ms"].get<double>() - seen[i - 1]["ended_at_ms"].get<double>();
      CHECK(wait >= 990);
    }
  }
}

TEST_CASE("pieces that are final stay, and what follows is joined to them") {
  Fakes fakes;
  SttBench bench;
  const SocketPeer& peer = peers().front();
  const auto engine = bench.make(peer);
  fakes.script(peer.fake, json{{"text", "what time is it"}, {"pieces", {"what time", "is it"}}});
  fakes.script(peer.fake, {{"text", "hello there"}});
  SttRun run(bench, *engine);
  run.push(300).pause().await_stable("what time is it");
  CHECK(run.silence(60).resume().push(300).finish().end() == "what time is it hello there");
}

TEST_CASE("what a pause has settled needs no more waiting at the end") {
  Fakes fakes;
  SttBench bench;
  const SocketPeer& peer = peers().front();
  const auto engine = bench.make(peer);
  SttRun run(bench, *engine);
  run.push(300).pause().await_stable("hello there");
  CHECK(run.silence(200).finish().end() == "hello there");
  int asked = 0;
  const json seen = fakes.wait(peer.fake, "ended");
  for (const auto& sent : seen.at(0)["messages"]) {
    if (sent.dump().find("Finalize") != std::string::npos) ++asked;
  }
  CHECK(asked == 1);
}

TEST_CASE("a Finalize that has nothing more to settle is an answer as well") {
  Fakes fakes;
  SttBench bench;
  const SocketPeer& peer = peers().front();
  fakes.script(peer.fake, {{"speech_final_at_ms", 200}});
  SttRun run(bench, *bench.make(peer));
  CHECK(run.push(200).silence(100).finish().end() == peer.heard);
}

TEST_CASE("a connection opened ahead of need is used, and replaced when it died") {
  Fakes fakes;
  SttBench bench;
  const SocketPeer& peer = peers().front();
  const auto engine = bench.make(peer);
  const auto warm = [&] {
    net::test::on_loop(bench.loop(), [&] {
      engine->warm(bench.loop());
      engine->warm(bench.loop());  // one is enough
    });
  };
  warm();
  fakes.wait(peer.fake, "started", 1);
  check_works(bench, *engine, peer);  // may come before our side knows that it is open
  check_works(bench, *engine, peer);
  fakes.wait(peer.fake, "idle");
  CHECK(fakes.requests(peer.fake).size() <= 2);
  fakes.fault(peer.fake, "empty");
  warm();
  fakes.wait(peer.fake, "faulted", 1);
  check_works(bench, *engine, peer);
  for (const char* kind : {"garbage", "error"}) {
    CAPTURE(std::string(kind));
    Fakes fresh;
    const auto once = bench.make(peer, {{"retries", "0"}});
    fresh.fault(peer.fake, kind, {{"at", 0}});
    net::test::on_loop(bench.loop(), [&] { once->warm(bench.loop()); });
    fresh.wait(peer.fake, "started", 1);
    check_works(bench, *once, peer);
  }
}

TEST_CASE("logprobs come where they are asked for") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    engine::SttRequest request;
    request.logprobs = true;
    SttRun run(bench, *bench.make(peer), request);
    CHECK(run.push(300).finish().end() == peer.heard);
    REQUIRE(run.logprobs.size() == 2);
    CHECK(run.logprobs.front().logprob < 0);
  }
}

TEST_CASE("two hundred utterances leave nothing behind") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    SttBench bench;
    const auto engine = bench.make(peer);
    const json before = fakes.open()["sockets"];
    for (int i = 0; i < 200; ++i) check_works(bench, *engine, peer);
    fakes.wait(peer.fake, "idle");
    // The last close handshake may still be under way on the fakes' side.
    CHECK(fakes.open()["sockets"].get<int>() <= before.get<int>() + 1);
  }
}

TEST_CASE("the real services hear") {
  struct Real {
    const SocketPeer& peer;
    const char* url;
    const char* key;
  };
  const std::vector<Real> all = {
      {peers()[0], "PARLEY_DEEPGRAM_URL", "PARLEY_DEEPGRAM_KEY"},
      {peers()[2], "PARLEY_ELEVENLABS_URL", "PARLEY_ELEVENLABS_KEY"},
  };
  for (const auto& real : all) {
    const char* key = std::getenv(real.key);
    if (key == nullptr) continue;
    const char* url = std::getenv(real.url);
    Options options = {{"api_key", key}};
    if (url != nullptr) options["base_url"] = url;
    SttBench bench;
    SttRun run(bench, *bench.make(real.peer, options));
    const std::string told = run.push(1000).finish().end();
    CHECK_MESSAGE(!run.failure.has_value(), told);
  }
}

}  // namespace
}  // namespace parley::tests
