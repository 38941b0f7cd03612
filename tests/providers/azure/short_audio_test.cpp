// SPDX-License-Identifier: MIT
// Azure Speech's recogniser of short audio, against the fakes: what was said is asked for at the
// first silence, taken back when the voice goes on, and every fault ends the job with a reason in
// the engine's name.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/providers/azure/stt_run.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

constexpr const char* kFake = "azure-speech.stt-rest";  // its id

std::unique_ptr<engine::SttEngine> make(Bench& bench, Options more = {}) {
  more["mode"] = "rest";
  return bench.make(more);
}

TEST_CASE("what was said is understood, over a connection that is used again") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"language", "en-GB"}});
  engine::SttRequest request;
  request.language = "en";
  CHECK(Run(bench, *engine, request).push(1200).push(100).finish().end() == kHeard);
  fakes.wait(kFake, "complete");
  request.language = "de";
  CHECK(Run(bench, *engine, request).push(300).finish().end() == kHeard);
  const json seen = fakes.wait(kFake, "complete", 2);
  CHECK(seen[0]["authorized"] == true);
  CHECK(seen[0]["connection"] == seen[1]["connection"]);
  CHECK(seen[0]["query"]["language"] == "en-GB");
  CHECK(seen[1]["query"]["language"] == "de-DE");
  const json& audio = seen[0]["audio"];
  CHECK(audio["valid"] == true);
  CHECK(audio["rate"] == 16000);
  CHECK(audio["channels"] == 1);
  CHECK(audio["duration_ms"] == 1300);
}

TEST_CASE("the request starts at the first silence, and finish() takes its answer") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  Run run(bench, *engine);
  run.push(1500).pause();
  // The answer is there before the session knows that the turn is over: its words can be judged.
  run.await(kHeard);
  fakes.wait(kFake, "complete");
  CHECK(run.stable == 0);
  CHECK(run.push(sound(400, 0)).pause().finish().end() == kHeard);
  const json seen = fakes.requests(kFake);
  CHECK(seen.size() == 1);
  CHECK(seen[0]["audio"]["duration_ms"] == 1500);
}

TEST_CASE("finish() waits for an answer that is under way") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  fakes.fault(kFake, "hold", {{"at", "headers"}});
  Run run(bench, *engine);
  run.push(300).pause();
  fakes.wait(kFake, "started");
  run.finish();
  fakes.release(kFake);
  CHECK(run.end() == kHeard);
  CHECK(fakes.requests(kFake).size() == 1);
}

TEST_CASE("a voice that goes on closes the request at once, and the whole is asked for anew") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  fakes.fault(kFake, "stall_headers");
  Run run(bench, *engine);
  run.push(500).pause();
  fakes.wait(kFake, "received");
  run.resume();
  fakes.wait(kFake, "closed_by_client");
  CHECK(run.push(700).pause().finish().end() == kHeard);
  const json seen = fakes.wait(kFake, "complete");
  CHECK(seen.size() == 2);
  CHECK(seen[1]["audio"]["duration_ms"] == 1200);
}

TEST_CASE("an answer, or a failure, is void when the voice goes on") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    if (fails) {
      fakes.fault(kFake, "400");
    } else {
      fakes.script(kFake, {{"text", "Hello."}, {"times", 1}});
    }
    Run run(bench, *engine);
    run.push(500).pause();
    fakes.wait(kFake, "ended");
    CHECK(run.resume().push(700).finish().end() == kHeard);
    CHECK(fakes.requests(kFake).size() == 2);
  }
}

TEST_CASE("next to no sound is no words and no request") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  CHECK(Run(bench, *engine).finish().end().empty());
  CHECK(Run(bench, *engine).push(99).pause().finish().end().empty());
  CHECK(fakes.requests(kFake).empty());
}

TEST_CASE("more than a minute is refused before it is sent") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  CHECK(Run(bench, *engine).push(60'000).finish().end() == kHeard);
  CHECK(Run(bench, *engine).push(60'000).push(1).finish().end() ==
        "stt.mine takes utterances of at most 60 s");
  CHECK(fakes.requests(kFake).size() == 1);
}

TEST_CASE("every status of an answer is words, silence or a reason") {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"NoMatch", ""},
      {"InitialSilenceTimeout", ""},
      {"BabbleTimeout", ""},
      {"Error", "stt.mine failed to recognise what it heard"},
  };
  for (const auto& [status, told] : cases) {
    CAPTURE(std::string(status));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.script(kFake, {{"status", status}});
    CHECK(Run(bench, *engine).push(300).finish().end() == told);
  }
}

TEST_CASE("pieces of any size change nothing") {
  for (const json& manner : {json{{"text", "Zwölf 你好."}}, json{{"strings", true}}}) {
    CAPTURE(manner.dump());
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.script(kFake, manner);
    fakes.fault(kFake, "slow_drip", {{"bytes", 1}});
    CHECK(Run(bench, *engine).push(300).finish().end() == manner.value("text", kHeard));
  }
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
      {"413", {invalid_request}, 1},
      {"429", {rate_limited}, 2},
      {"500", {unavailable}, 2},
      {"503", {overloaded, unavailable}, 2},
      {"quota", {quota, rate_limited, auth}, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.kind));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.fault(kFake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
    Run run(bench, *engine);
    run.push(300).finish().end();
    REQUIRE(run.failure.has_value());
    CHECK(c.means.count(run.failure->kind) == 1);
    CHECK(run.failure->message.starts_with("stt.mine "));
    CHECK(run.failure->message.find(kKey) == std::string::npos);
    CHECK(run.partials.empty());
    if (c.tries > 0) CHECK(fakes.requests(kFake).size() == c.tries);
  }
}

TEST_CASE("a moment's trouble is hidden by trying again") {
  for (const char* kind : {"429", "500", "503", "refuse"}) {
    CAPTURE(std::string(kind));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
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
  bool in_body;  // strikes behind the headers
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
      {"garbage", {protocol, unavailable}, true},
      {"early_close", {unavailable}, true},
      {"error", {unavailable}, true},
  };
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"retries", "0"}});
  for (const auto& c : cases) {
    for (const bool paused : {false, true}) {
      CAPTURE(std::string(c.kind));
      CAPTURE(paused);
      fakes.fault(kFake, c.kind);
      // A breaker of its own: enough stalls would open it.
      const auto hasty = make(bench, {{"retries", "0"},
                                      {"first_byte_timeout_ms", c.in_body ? "1000" : "100"},
                                      {"idle_timeout_ms", "100"}});
      const bool stalls = c.means.count(timeout) != 0;
      Run run(bench, stalls ? *hasty : *engine);
      run.push(300);
      if (paused) run.pause();
      const std::string told = run.finish().end();
      CAPTURE(told);
      REQUIRE(run.failure.has_value());
      CHECK(c.means.count(run.failure->kind) == 1);
      CHECK(run.failure->code == "server_error");
      CHECK(told.starts_with("stt.mine "));
      CHECK(told.find(kKey) == std::string::npos);
      fakes.wait(kFake, "idle");
      check_works(bench, *engine);
    }
  }
}

TEST_CASE("a job that is destroyed closes its request at once, in every phase") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  int closed = 0;
  int answered = 0;
  for (const bool finished : {false, true}) {
    for (const char* kind : {"stall_headers", "stall_body"}) {
      fakes.fault(kFake, kind);
      Run run(bench, *engine);
      run.push(300).pause();
      if (finished) run.finish();
      const bool answers = kind == std::string("stall_body");
      ++closed;
      fakes.wait(kFake, answers ? "answering" : "received", answers ? ++answered : closed);
      run.cancel();
      const json seen = fakes.wait(kFake, "closed_by_client", closed);
      CHECK(seen.back()["ended"] == "closed_by_client");
    }
  }
  {
    Run(bench, *engine).push(300).finish();
  }
  check_works(bench, *engine);
  fakes.wait(kFake, "idle");
}

TEST_CASE("an engine that asks for quiet is left alone, and told about") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"retries", "0"}});
  fakes.fault(kFake, "429", {{"retry_after", 20}});
  CHECK(Run(bench, *engine).push(300).finish().end().starts_with("stt.mine asks for fewer"));
  CHECK(Run(bench, *engine).push(300).finish().end().starts_with("stt.mine is left alone for"));
  CHECK(fakes.requests(kFake).size() == 1);
}

TEST_CASE("an engine that does not listen, says nothing or cannot be trusted is told as such") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  const auto told_by = [&](const std::string& base_url) {
    const auto engine =
        make(bench, {{"base_url", base_url}, {"first_byte_timeout_ms", "200"}, {"retries", "0"}});
    return Run(bench, *engine).push(300).finish().end();
  };
  const auto place = [&](const char* name) { return places[name].get<std::string>(); };
  CHECK(told_by("http://" + place("refused")).starts_with("stt.mine cannot be reached"));
  CHECK(told_by("http://" + place("silent"))
            .starts_with("stt.mine took too long to begin its answer"));
  CHECK(told_by("https://" + place("not_tls")).starts_with("stt.mine cannot be reached securely"));
  CHECK(told_by(place("https") + kPath).starts_with("stt.mine cannot be reached securely"));
  CHECK(fakes.requests(kFake).empty());
}

}  // namespace
}  // namespace parley::tests
