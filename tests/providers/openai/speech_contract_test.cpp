// SPDX-License-Identifier: MIT
// Voices that answer with sound over HTTP, against the fakes: the tone of 60 ms per character must
// arrive whole, and every fault must end the job with a reason in the engine's name.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/ports.h"
#include "net/event_loop.h"
#include "providers/registry.h"
#include "tests/net/harness.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {
namespace {

using engine::Failure;
using engine::FailureKind;
using engine::TtsEvent;
using nlohmann::json;

using Options = std::map<std::string, std::string>;

constexpr const char* kKey = "test-key";
const std::string kText = "One two three four five.";

struct Peer {
  const char* provider;
  const char* fake;  // its id
  const char* path;
  Options options = {};
  int rate_hz = 24000;
};

const std::vector<Peer>& peers() {
  static const std::vector<Peer> all = {
      {"openai", "openai.speech", "/openai/v1"},
      {"openai", "openai.speech", "/openai/v1", {{"response_format", "wav"}}},
      {"openai", "openedai.speech", "/openedai/v1", {}, 22050},  // says so in its content type
      {"openai",
       "vllm-omni.speech",
       "/vllm-omni/v1",
       {{"extra_body", R"({"stream_format":"audio"})"}}},
      {"kokoro", "kokoro.speech", "/kokoro/v1"},
      {"speaches", "speaches.speech", "/speaches/v1"},
      {"speaches", "speaches.speech", "/speaches/v1", {{"response_format", "wav"}}},
      {"elevenlabs", "elevenlabs.tts", "/elevenlabs", {{"word_times", "false"}}},
  };
  return all;
}

// Its fake sends raw samples, and says so, whatever the test would like.
bool has_one_format(const Peer& peer) { return std::string(peer.provider) == "elevenlabs"; }

class Bench {
 public:
  Bench() { loops_.start(); }
  ~Bench() { loops_.stop_and_join(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::unique_ptr<engine::TtsEngine> make(const Peer& peer, const Options& more = {}) {
    config::EngineSection section{"tts", "mine", peer.provider, peer.options, {}};
    section.options.emplace("base_url", Fakes::url(peer.path));
    section.options.emplace("api_key", kKey);
    for (const auto& [key, value] : more) section.options[key] = value;
    auto made = providers::make_tts(section, workers_);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return std::move(*made);
  }
  net::EventLoop& loop() { return loops_.at(0); }

 private:
  providers::embedded::WorkerPool workers_{1};
  net::LoopPool loops_{1};
};

// A job on the loop, in the hands of the test's thread.
class Run {
 public:
  Run(Bench& bench, engine::TtsEngine& engine, engine::TtsRequest request) : loop_(bench.loop()) {
    net::test::on_loop(loop_, [&] {
      job_ = engine.start(std::move(request), loop_, [this](TtsEvent event) {
        broken_ = broken_ || starting_ || !job_ || over_;
        over_ = std::holds_alternative<Failure>(event) ||
                std::holds_alternative<engine::TtsDone>(event);
        events_.put(std::move(event));
      });
      starting_ = false;
    });
  }
  ~Run() { cancel(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void cancel() {
    net::test::on_loop(loop_, [&] { job_.reset(); });
  }
  // The next event, waited for; false when it was the last one.
  bool next() {
    const TtsEvent event = events_.take();
    if (const auto* sound = std::get_if<engine::TtsAudio>(&event)) {
      CHECK_FALSE(sound->samples.empty());
      CHECK((rate_hz == 0 || rate_hz == sound->rate_hz));
      rate_hz = sound->rate_hz;
      samples.insert(samples.end(), sound->samples.begin(), sound->samples.end());
      ++pieces;
      return true;
    }
    if (const auto* told = std::get_if<Failure>(&event)) failure = *told;
    return false;
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
  int rate_hz = 0;
  int pieces = 0;
  std::optional<Failure> failure;

 private:
  net::EventLoop& loop_;
  std::unique_ptr<engine::TtsJob> job_;  // the loop's, as the four below
  net::test::Mailbox<TtsEvent> events_;
  bool starting_ = true;
  bool over_ = false;
  bool broken_ = false;
};

engine::TtsRequest saying(const std::string& text = kText) { return {text, "marin"}; }

// The fakes' tone: every sample of it, in order, is known from its length and its zero crossings.
void check_tone(const Run& run, const Peer& peer, const std::string& text = kText) {
  CHECK(run.rate_hz == peer.rate_hz);
  CHECK(run.samples.size() == text.size() * 60 * static_cast<std::size_t>(peer.rate_hz) / 1000);
  int rises = 0;
  for (std::size_t i = 1; i < run.samples.size(); ++i) {
    if (run.samples[i - 1] < 0 && run.samples[i] >= 0) ++rises;
  }
  // 400 Hz; the first period begins at zero, and so rises from nothing.
  const auto periods = static_cast<int>(text.size()) * 24;
  CHECK(rises >= periods - 1);
  CHECK(rises <= periods);
}

// One turn without trouble.
void check_works(Bench& bench, engine::TtsEngine& engine, const Peer& peer) {
  Run run(bench, engine, saying());
  CHECK(run.finish() == "done");
  check_tone(run, peer);
}

TEST_CASE("the whole tone arrives, as it comes, over a connection that is used again") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    check_works(bench, *engine, peer);
    fakes.wait(peer.fake, "complete");
    check_works(bench, *engine, peer);
    const json seen = fakes.wait(peer.fake, "complete", 2);
    CHECK(seen[0]["authorized"] == true);
    CHECK(seen[0]["connection"] == seen[1]["connection"]);
  }
}

TEST_CASE("sound is passed on before the rest of it is there") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    fakes.fault(peer.fake, "hold", {{"at", 1}});
    Run run(bench, *engine, saying());
    CHECK(run.next());
    fakes.release(peer.fake);
    CHECK(run.finish() == "done");
    CHECK(run.pieces > 1);
    check_tone(run, peer);
  }
}

TEST_CASE("pieces of any size lose no sample, and false sizes, lists and lengths change nothing") {
  const std::vector<json> manners = {
      {{"piece_bytes", 1}},
      {{"piece_bytes", 3}},
      {{"piece_bytes", 43}},
      {{"piece_bytes", 100000}},
      {{"format", "wav"}, {"wav_size", 0}},
      {{"format", "wav"}, {"wav_size", 2147483647}},
      {{"format", "wav"}, {"wav_list", true}, {"piece_bytes", 17}},
      {{"format", "pcm"}},
      {{"whole", true}},
      {{"content_type", "application/octet-stream"}},
  };
  for (const auto& peer : peers()) {
    for (const auto& manner : manners) {
      if (has_one_format(peer) && manner.count("piece_bytes") == 0) continue;
      if (has_one_format(peer) && manner.size() > 1) continue;
      CAPTURE(std::string(peer.fake));
      CAPTURE(manner.dump());
      Fakes fakes;
      Bench bench;
      // What says the rate of raw samples may be gone; then it is configured.
      const auto engine = bench.make(peer, {{"pcm_rate", std::to_string(peer.rate_hz)}});
      fakes.script(peer.fake, manner);
      Run run(bench, *engine, saying("Hi."));
      CHECK(run.finish() == "done");
      check_tone(run, peer, "Hi.");
    }
  }
}

TEST_CASE("voice, speed and instructions reach the server") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine =
      bench.make(peer, {{"instructions", "Calm."}, {"voices", "anna = sage"}, {"model", "m"}});
  engine::TtsRequest request = saying();
  request.voice = "anna";
  request.speed = 1.5;
  Run run(bench, *engine, request);
  CHECK(run.finish() == "done");
  CHECK(run.samples.size() == kText.size() * 40 * 24);
  const json body = fakes.requests(peer.fake)[0]["body"];
  CHECK(body["voice"] == "sage");
  CHECK(body["speed"] == 1.5);
  CHECK(body["instructions"] == "Calm.");
  CHECK(body["model"] == "m");
}

struct StatusCase {
  const char* kind;
  std::set<FailureKind> means;
  std::size_t tries;  // with one retry allowed; 0: by provider
};

TEST_CASE("every refusal is told in the engine's name, tried again only where that may help") {
  using enum FailureKind;
  const std::vector<StatusCase> cases = {
      {"400", {invalid_request}, 1},
      {"401", {auth}, 1},
      {"403", {auth}, 1},
      {"404", {not_found}, 1},
      {"429", {rate_limited}, 2},
      {"500", {unavailable}, 2},
      {"503", {overloaded, unavailable}, 2},
      {"quota", {quota, rate_limited, auth}, 0},
  };
  for (const auto& peer : peers()) {
    for (const auto& c : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(c.kind));
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
      Run run(bench, *engine, saying());
      run.finish();
      REQUIRE(run.failure.has_value());
      CHECK(c.means.count(run.failure->kind) == 1);
      CHECK(run.failure->message.starts_with("tts.mine "));
      CHECK(run.failure->message.find(kKey) == std::string::npos);
      CHECK(run.samples.empty());
      if (c.tries > 0) CHECK(fakes.requests(peer.fake).size() == c.tries);
    }
  }
}

TEST_CASE("a moment's trouble is hidden by trying again") {
  for (const auto& peer : peers()) {
    for (const char* kind : {"429", "500", "503", "refuse"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(kind));
      Fakes fakes;
      Bench bench;
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

TEST_CASE("every fault at every stage ends the job with a reason, and the next one works") {
  using enum FailureKind;
  const std::vector<FaultCase> cases = {
      {"stall_headers", {timeout}, false},
      {"html_200", {protocol}, false},
      {"error_200", {unavailable, invalid_request}, false},
      {"redirect", {protocol}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable}, true},
      {"reset", {unavailable}, true},
  };
  for (const auto& peer : peers()) {
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    const auto hasty = bench.make(
        peer, {{"retries", "0"}, {"first_byte_timeout_ms", "300"}, {"idle_timeout_ms", "150"}});
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    for (const auto& c : cases) {
      for (int at = 1; at <= (c.in_stream ? 3 : 1); ++at) {
        CAPTURE(std::string(peer.fake));
        CAPTURE(std::string(c.kind));
        CAPTURE(at);
        fakes.fault(peer.fake, c.kind, c.in_stream ? json{{"at", at}} : json::object());
        const bool stalls = c.means.count(timeout) != 0;
        Run run(bench, stalls ? *hasty : *engine, saying());
        const std::string told = run.finish();
        CAPTURE(told);
        REQUIRE(run.failure.has_value());
        CHECK(c.means.count(run.failure->kind) == 1);
        CHECK(run.failure->code == "server_error");
        CHECK(told.starts_with("tts.mine "));
        CHECK(told.find(kKey) == std::string::npos);
        CHECK(run.samples.empty() == !c.in_stream);
        fakes.wait(peer.fake, "idle");
        check_works(bench, *engine, peer);
      }
    }
  }
}

TEST_CASE("garbage in place of sound is told; behind sound it is sound, and the job still ends") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.fault(peer.fake, "garbage", {{"at", 0}});
    Run first(bench, *engine, saying());
    CHECK(first.finish() == "tts.mine sent text in place of sound");
    CHECK(first.failure->kind == FailureKind::protocol);
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    for (const char* kind : {"garbage", "early_close"}) {
      fakes.fault(peer.fake, kind, {{"at", 2}});
      Run run(bench, *engine, saying());
      CHECK(run.finish() == "done");
    }
    check_works(bench, *engine, peer);
  }
}

TEST_CASE("sound told in events arrives whole, and an end too early is a failure") {
  const Options events = {{"extra_body", R"({"stream_format":"sse"})"}, {"retries", "0"}};
  const std::vector<Peer> all = {{"openai", "openai.speech", "/openai/v1"},
                                 {"openai", "vllm-omni.speech", "/vllm-omni/v1"},
                                 {"speaches", "speaches.speech", "/speaches/v1"}};
  for (const auto& peer : all) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, events);
    check_works(bench, *engine, peer);
    for (const char* kind : {"error", "early_close", "truncate", "garbage"}) {
      CAPTURE(std::string(kind));
      fakes.fault(peer.fake, kind, {{"at", 2}});
      Run run(bench, *engine, saying());
      CHECK(run.finish().starts_with("tts.mine "));
      CHECK(run.failure.has_value());
      CHECK_FALSE(run.samples.empty());
    }
    check_works(bench, *engine, peer);
  }
}

TEST_CASE("compressed sound that nobody asked for is told") {
  for (const auto& peer : peers()) {
    if (has_one_format(peer)) continue;
    for (const char* type : {"audio/mpeg", "audio/ogg", "text/plain", "application/json"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(type));
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.script(peer.fake, {{"content_type", type}});
      Run run(bench, *engine, saying());
      CHECK(run.finish().starts_with("tts.mine answered with " + std::string(type)));
      CHECK(run.failure->kind == FailureKind::protocol);
      CHECK(run.samples.empty());
    }
  }
}

TEST_CASE("a cancelled request is closed upstream at once, in every phase") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"piece_bytes", 4801}});
    int cancelled = 0;
    {
      fakes.fault(peer.fake, "stall_headers");
      Run run(bench, *engine, saying());
      fakes.wait(peer.fake, "received");
      run.cancel();
      fakes.wait(peer.fake, "closed_by_client", ++cancelled);
    }
    for (const int at : {1, 3}) {
      CAPTURE(at);
      fakes.fault(peer.fake, "hold", {{"at", at}});
      Run run(bench, *engine, saying());
      CHECK(run.next());
      run.cancel();
      const json seen = fakes.wait(peer.fake, "closed_by_client", ++cancelled);
      CHECK(seen.back()["ended"] == "closed_by_client");
    }
    {
      Run run(bench, *engine, saying());
      run.cancel();
    }
    check_works(bench, *engine, peer);
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("an engine that does not listen, or says nothing, is told as such") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  for (const char* place : {"refused", "silent"}) {
    const auto engine =
        bench.make(peers().front(), {{"base_url", "http://" + places[place].get<std::string>()},
                                     {"first_byte_timeout_ms", "200"},
                                     {"retries", "0"}});
    Run run(bench, *engine, saying());
    CHECK(run.finish().starts_with(std::string(place) == "refused"
                                       ? "tts.mine cannot be reached"
                                       : "tts.mine took too long to begin its answer"));
  }
}

}  // namespace
}  // namespace parley::tests
