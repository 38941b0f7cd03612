// SPDX-License-Identifier: MIT
// Azure Speech's voices against the fakes: the tone of 60 ms per character must arrive whole, and
// every fault must end the job with a reason in the engine's name.
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
#include "providers/azure/tts_engine.h"
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

constexpr const char* kFake = "azure-speech.tts";  // its id
constexpr const char* kPath = "/azure-speech";
constexpr int kRateHz = 24000;

class Bench {
 public:
  Bench() { loops_.start(); }
  ~Bench() { loops_.stop_and_join(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::unique_ptr<engine::TtsEngine> make(const Options& more = {}) {
    config::EngineSection section{"tts", "mine", "azure", more, {}};
    section.options.emplace("base_url", Fakes::url(kPath));
    section.options.emplace("api_key", kKey);
    auto made = providers::azure::make_tts(section);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    return std::move(*made);
  }
  net::EventLoop& loop() { return loops_.at(0); }

 private:
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

engine::TtsRequest saying(const std::string& text = kText) { return {text, "en-US-JennyNeural"}; }

// The fakes' tone: every sample of it, in order, is known from its length and its zero crossings.
void check_tone(const Run& run, const std::string& text = kText) {
  CHECK(run.rate_hz == kRateHz);
  CHECK(run.samples.size() == text.size() * 60 * static_cast<std::size_t>(kRateHz) / 1000);
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
void check_works(Bench& bench, engine::TtsEngine& engine) {
  Run run(bench, engine, saying());
  CHECK(run.finish() == "done");
  check_tone(run);
}

TEST_CASE("the whole tone arrives, as it comes, over a connection that is used again") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make();
  check_works(bench, *engine);
  fakes.wait(kFake, "complete");
  check_works(bench, *engine);
  const json seen = fakes.wait(kFake, "complete", 2);
  CHECK(seen[0]["authorized"] == true);
  CHECK(seen[0]["connection"] == seen[1]["connection"]);
}

TEST_CASE("sound is passed on before the rest of it is there") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make();
  fakes.script(kFake, {{"piece_bytes", 4801}});
  fakes.fault(kFake, "hold", {{"at", 1}});
  Run run(bench, *engine, saying());
  CHECK(run.next());
  fakes.release(kFake);
  CHECK(run.finish() == "done");
  CHECK(run.pieces > 1);
  check_tone(run);
}

TEST_CASE("pieces of any size lose no sample, at any rate") {
  for (const int bytes : {1, 3, 43, 100000}) {
    CAPTURE(bytes);
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make();
    fakes.script(kFake, {{"piece_bytes", bytes}});
    Run run(bench, *engine, saying("Hi."));
    CHECK(run.finish() == "done");
    check_tone(run, "Hi.");
  }
  for (const int rate_hz : {8000, 16000, 22050, 44100, 48000}) {
    CAPTURE(rate_hz);
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make({{"pcm_rate", std::to_string(rate_hz)}});
    Run run(bench, *engine, saying("Hi."));
    CHECK(run.finish() == "done");
    CHECK(run.rate_hz == rate_hz);
    CHECK(run.samples.size() == std::size_t(3) * 60 * static_cast<std::size_t>(rate_hz) / 1000);
  }
}

TEST_CASE("a slow drip and any type of the answer change nothing") {
  for (const json& manner : {json{{"first_ms", 1}}, json{{"content_type", "audio/x-wav"}},
                             json{{"content_type", "application/octet-stream"}}}) {
    CAPTURE(manner.dump());
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make();
    fakes.script(kFake, manner);
    fakes.fault(kFake, "slow_drip", {{"bytes", 1001}});
    check_works(bench, *engine);
  }
}

TEST_CASE("voice, speed and the text as it is reach the service") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make({{"voices", "anna = de-DE-KatjaNeural"}, {"style", "sad"}});
  engine::TtsRequest request = saying("Tom & Jerry's <\x01\"day\">: 1 < 2.");
  request.voice = "anna";
  request.speed = 1.5;
  Run run(bench, *engine, request);
  CHECK(run.finish() == "done");
  const json seen = fakes.requests(kFake)[0];
  CHECK(seen["ssml"]["text"] == "Tom & Jerry's <\"day\">: 1 < 2.");
  CHECK(seen["ssml"]["voice"] == "de-DE-KatjaNeural");
  CHECK(seen["ssml"]["lang"] == "de-DE");
  CHECK(seen["ssml"]["rate"] == 1.5);
  CHECK(seen["headers"]["x-microsoft-outputformat"] == "raw-24khz-16bit-mono-pcm");
}

TEST_CASE("a token in place of a key, among the configured headers") {
  Fakes fakes;
  Bench bench;
  const auto engine =
      bench.make({{"api_key", ""}, {"headers", "Authorization: Bearer test-token"}});
  check_works(bench, *engine);
}

TEST_CASE("a voice that the service does not have is a refused request") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make({{"voice", "nope"}});
  engine::TtsRequest request = saying();
  request.voice = "alloy";
  Run run(bench, *engine, request);
  CHECK(run.finish() == "tts.mine refused the request (HTTP 400)");
  CHECK(run.failure->kind == FailureKind::invalid_request);
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
  for (const auto& c : cases) {
    CAPTURE(std::string(c.kind));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make();
    fakes.fault(kFake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
    Run run(bench, *engine, saying());
    run.finish();
    REQUIRE(run.failure.has_value());
    CHECK(c.means.count(run.failure->kind) == 1);
    CHECK(run.failure->message.starts_with("tts.mine "));
    CHECK(run.failure->message.find(kKey) == std::string::npos);
    CHECK(run.samples.empty());
    if (c.tries > 0) CHECK(fakes.requests(kFake).size() == c.tries);
  }
}

TEST_CASE("a moment's trouble is hidden by trying again") {
  for (const char* kind : {"429", "500", "503", "refuse"}) {
    CAPTURE(std::string(kind));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make();
    json manner = json::object();
    if (std::string(kind) != "refuse") manner["retry_after_ms"] = 1;
    fakes.fault(kFake, kind, manner);
    check_works(bench, *engine);
    CHECK(fakes.requests(kFake).size() == 2);
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
      {"error_200", {protocol, unavailable}, false},
      {"redirect", {protocol}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable}, true},
      {"reset", {unavailable}, true},
  };
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make({{"retries", "0"}});
  const auto hasty =
      bench.make({{"retries", "0"}, {"first_byte_timeout_ms", "300"}, {"idle_timeout_ms", "150"}});
  fakes.script(kFake, {{"piece_bytes", 4801}});
  for (const auto& c : cases) {
    for (int at = 1; at <= (c.in_stream ? 3 : 1); ++at) {
      CAPTURE(std::string(c.kind));
      CAPTURE(at);
      fakes.fault(kFake, c.kind, c.in_stream ? json{{"at", at}} : json::object());
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
      fakes.wait(kFake, "idle");
      check_works(bench, *engine);
    }
  }
}

TEST_CASE("garbage in place of sound is told; behind sound it is sound, and the job still ends") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make({{"retries", "0"}});
  fakes.fault(kFake, "garbage", {{"at", 0}});
  Run first(bench, *engine, saying());
  CHECK(first.finish() == "tts.mine sent text in place of sound");
  CHECK(first.failure->kind == FailureKind::protocol);
  fakes.script(kFake, {{"piece_bytes", 4801}});
  for (const char* kind : {"garbage", "early_close", "error"}) {
    fakes.fault(kFake, kind, {{"at", 2}});
    Run run(bench, *engine, saying());
    CHECK(run.finish() == "done");
  }
  check_works(bench, *engine);
}

TEST_CASE("what is no sound, or no samples, is told") {
  for (const char* type : {"audio/mpeg", "audio/ogg", "text/plain", "application/json"}) {
    CAPTURE(std::string(type));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make();
    fakes.script(kFake, {{"content_type", type}});
    Run run(bench, *engine, saying());
    CHECK(run.finish().starts_with("tts.mine answered with " + std::string(type)));
    CHECK(run.failure->kind == FailureKind::protocol);
    CHECK(run.samples.empty());
  }
}

TEST_CASE("a cancelled request is closed upstream at once, in every phase") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make();
  fakes.script(kFake, {{"piece_bytes", 4801}});
  int cancelled = 0;
  {
    fakes.fault(kFake, "stall_headers");
    Run run(bench, *engine, saying());
    fakes.wait(kFake, "received");
    run.cancel();
    fakes.wait(kFake, "closed_by_client", ++cancelled);
  }
  for (const int at : {1, 3}) {
    CAPTURE(at);
    fakes.fault(kFake, "hold", {{"at", at}});
    Run run(bench, *engine, saying());
    CHECK(run.next());
    run.cancel();
    const json seen = fakes.wait(kFake, "closed_by_client", ++cancelled);
    CHECK(seen.back()["ended"] == "closed_by_client");
  }
  {
    Run run(bench, *engine, saying());
    run.cancel();
  }
  check_works(bench, *engine);
  fakes.wait(kFake, "idle");
}

TEST_CASE("an engine that asks for quiet is left alone, and told about") {
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make({{"retries", "0"}});
  fakes.fault(kFake, "429", {{"retry_after", 20}});
  CHECK(Run(bench, *engine, saying()).finish().starts_with("tts.mine asks for fewer requests"));
  CHECK(Run(bench, *engine, saying()).finish().starts_with("tts.mine is left alone for"));
  CHECK(fakes.requests(kFake).size() == 1);
}

TEST_CASE("an engine that does not listen, says nothing or cannot be trusted is told as such") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  const auto told_by = [&](const std::string& base_url) {
    const auto engine =
        bench.make({{"base_url", base_url}, {"first_byte_timeout_ms", "200"}, {"retries", "0"}});
    return Run(bench, *engine, saying()).finish();
  };
  const auto place = [&](const char* name) { return places[name].get<std::string>(); };
  CHECK(told_by("http://" + place("refused")).starts_with("tts.mine cannot be reached"));
  CHECK(told_by("http://" + place("silent"))
            .starts_with("tts.mine took too long to begin its answer"));
  CHECK(told_by("https://" + place("not_tls")).starts_with("tts.mine cannot be reached securely"));
  CHECK(told_by(place("https") + kPath).starts_with("tts.mine cannot be reached securely"));
  CHECK(fakes.requests(kFake).empty());
  const auto trusting = bench.make({{"base_url", place("https") + kPath}, {"tls_verify", "false"}});
  check_works(bench, *trusting);
}

TEST_CASE("nothing stays open when the loop ends") {
  Fakes fakes;
  {
    Bench bench;
    const auto engine = bench.make();
    check_works(bench, *engine);
    fakes.script(kFake, {{"piece_bytes", 4801}});
    fakes.fault(kFake, "hold", {{"at", 1}});
    Run run(bench, *engine, saying());
    CHECK(run.next());
  }
  fakes.wait(kFake, "no_sockets");
}

}  // namespace
}  // namespace parley::tests
