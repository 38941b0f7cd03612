// SPDX-License-Identifier: MIT
// Azure Speech's streaming recogniser against the fakes: words as they come, turns that the service
// cuts, and every fault of the connection.
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

constexpr const char* kFake = "azure-speech.stt";  // its id

std::unique_ptr<engine::SttEngine> make(Bench& bench, Options more = {}) {
  more["mode"] = "stream";
  return bench.make(more);
}

TEST_CASE("words come while the voice speaks, and a sentence at the end") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"language", "en-GB"}});
  engine::SttRequest request;
  request.language = "en";
  Run run(bench, *engine, request);
  run.push(300).await("hello there");
  CHECK(run.stable == 0);
  CHECK(run.partials.front() == "hello");
  CHECK(run.push(250).pause().push(sound(150, 0)).finish().end() == kHeard);
  const json seen = fakes.wait(kFake, "closed_by_client")[0];
  CHECK(seen["authorized"] == true);
  CHECK(seen["query"]["language"] == "en-GB");
  CHECK(seen["query"]["profanity"] == "raw");
  CHECK(seen["audio"]["rate"] == 16000);
  CHECK(seen["audio"]["channels"] == 1);
  CHECK(seen["audio"]["bits"] == 16);
  CHECK(seen["audio"]["declared_data_bytes"] == 0);
  CHECK(seen["audio"]["bytes"] == 700 * 32);
  CHECK(seen["turns"] == 1);
  fakes.wait(kFake, "no_sockets");
}

TEST_CASE("phrases on the way are settled and follow each other") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  fakes.script(kFake, {{"phrases", {"One.", "Two."}}, {"phrase_at_ms", 300}});
  Run run(bench, *engine);
  run.push(400).await("One.");
  CHECK(run.stable == 4);
  CHECK(run.push(200).finish().end() == "One. Two.");
}

TEST_CASE("a turn that the service cuts goes on in another, with what no phrase covers") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  fakes.script(kFake, {{"phrases", {"One.", "Lost."}},
                       {"phrase_at_ms", 300},
                       {"end_turn_at_ms", 500},
                       {"times", 1}});
  fakes.script(kFake, {{"text", "Two."}});
  Run run(bench, *engine);
  run.push(400).await("One.");
  run.push(100).await("One. lost");
  fakes.wait(kFake, "pieces", 8);  // turn.end is on its way, or here
  run.push(50).push(350);
  CHECK(run.finish().end() == "One. Two.");
  const json seen = fakes.wait(kFake, "closed_by_client")[0];
  CHECK(seen["turns"] == 2);
}

TEST_CASE("silence is no words, and every other status is a reason") {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"NoMatch", ""},
      {"InitialSilenceTimeout", ""},
      {"EndOfDictation", ""},
      {"Error", "stt.mine failed to recognise what it heard"},
      {"TooManyRequests", "stt.mine asks for fewer requests"},
      {"BadRequest", "stt.mine refused the request"},
      {"Forbidden", "stt.mine has no quota left for us"},
  };
  for (const auto& [status, told] : cases) {
    CAPTURE(std::string(status));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench, {{"retries", "0"}});
    fakes.script(kFake, {{"status", status}, {"partials", json::array()}});
    CHECK(Run(bench, *engine).push(300).finish().end() == told);
  }
}

TEST_CASE("other manners of writing, and messages for others, change nothing") {
  const std::vector<json> manners = {{{"strings", true}},
                                     {{"fragments", true}},
                                     {{"foreign_hypothesis", true}},
                                     {{"text", "Zwölf 你好\r\n\r\nPath: turn.end"}}};
  for (const json& manner : manners) {
    CAPTURE(manner.dump());
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.script(kFake, manner);
    Run run(bench, *engine);
    CHECK(run.push(300).finish().end() == manner.value("text", kHeard));
    for (const auto& words : run.partials) CHECK(words != "not for you");
  }
}

TEST_CASE("no sound is no words") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  CHECK(Run(bench, *engine).finish().end().empty());
}

TEST_CASE("a job that is destroyed closes its connection at once, before and after finish()") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench);
  int closed = 0;
  for (const bool finished : {false, true}) {
    fakes.fault(kFake, "stall_body", {{"at", 3}});
    Run run(bench, *engine);
    run.push(300);
    if (finished) run.finish();
    CHECK(run.next());
    run.cancel();
    fakes.wait(kFake, "closed_by_client", ++closed);
  }
  {
    Run(bench, *engine).push(300).finish();
  }
  check_works(bench, *engine);
  fakes.wait(kFake, "idle");
  fakes.wait(kFake, "no_sockets");
}

struct StatusCase {
  const char* kind;
  FailureKind means;
  std::size_t tries;  // with one retry allowed
};

TEST_CASE("every refusal of the connection is told, tried again only where that may help") {
  using enum FailureKind;
  const std::vector<StatusCase> cases = {
      {"400", invalid_request, 1}, {"401", auth, 1},         {"403", auth, 1},
      {"404", not_found, 1},       {"429", rate_limited, 2}, {"500", unavailable, 2},
      {"503", overloaded, 2},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.kind));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.fault(kFake, c.kind, {{"times", 2}});
    Run run(bench, *engine);
    const std::string told = run.push(300).finish().end();
    REQUIRE(run.failure.has_value());
    CHECK(run.failure->kind == c.means);
    CHECK(told.starts_with("stt.mine "));
    CHECK(told.find(kKey) == std::string::npos);
    CHECK(fakes.requests(kFake).size() == c.tries);
  }
}

TEST_CASE("a moment's trouble is hidden by trying again") {
  for (const char* kind : {"429", "500", "503", "refuse"}) {
    CAPTURE(std::string(kind));
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.fault(kFake, kind);
    check_works(bench, *engine);
    CHECK(fakes.requests(kFake).size() == 2);
  }
}

struct FaultCase {
  const char* kind;
  std::set<FailureKind> means;
  bool in_stream;  // strikes after some messages
};

TEST_CASE("every fault at every stage ends the job with a reason, and the next one works") {
  using enum FailureKind;
  const std::vector<FaultCase> cases = {
      {"stall_headers", {timeout}, false},
      {"html_200", {protocol, unavailable}, false},
      {"redirect", {protocol, unavailable}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable, protocol}, true},
      {"reset", {unavailable}, true},
      {"garbage", {protocol, unavailable}, true},
      {"early_close", {unavailable}, true},
      {"error", {unavailable}, true},
  };
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"retries", "0"}});
  for (const auto& c : cases) {
    for (int at = 1; at <= (c.in_stream ? 4 : 1); ++at) {
      CAPTURE(std::string(c.kind));
      CAPTURE(at);
      fakes.fault(kFake, c.kind, c.in_stream ? json{{"at", at}} : json::object());
      // A breaker of its own: enough trouble would open it.
      const auto doomed = make(
          bench, {{"retries", "0"}, {"first_byte_timeout_ms", "300"}, {"idle_timeout_ms", "300"}});
      Run run(bench, *doomed);
      const std::string told = run.push(300).finish().end();
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

TEST_CASE("a close with a reason is told, and a permanent one is not tried again") {
  const std::vector<std::pair<int, std::size_t>> cases = {{1007, 1}, {4000, 1}, {1011, 2}};
  for (const auto& [code, tries] : cases) {
    CAPTURE(code);
    Fakes fakes;
    Bench bench;
    const auto engine = make(bench);
    fakes.fault(kFake, "early_close",
                {{"at", 1}, {"code", code}, {"reason", "Bad test-key"}, {"times", 2}});
    Run run(bench, *engine);
    const std::string told = run.push(300).finish().end();
    REQUIRE(run.failure.has_value());
    CHECK(told.find(": Bad ***") != std::string::npos);
    CHECK(fakes.requests(kFake).size() == tries);
  }
}

TEST_CASE("a handshake that nobody waits for any more ends by its deadline") {
  Fakes fakes;
  Bench bench;
  const auto engine = make(bench, {{"first_byte_timeout_ms", "300"}});
  fakes.fault(kFake, "stall_headers");
  Run run(bench, *engine);
  run.push(300);
  fakes.wait(kFake, "started");
  run.cancel();
  fakes.wait(kFake, "closed_by_client");
  check_works(bench, *engine);
}

TEST_CASE("an engine that does not listen, says nothing or cannot be trusted is told as such") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  const auto told_by = [&](const std::string& base_url, const char* patience_ms = "10000") {
    const auto engine = make(
        bench, {{"base_url", base_url}, {"first_byte_timeout_ms", patience_ms}, {"retries", "0"}});
    return Run(bench, *engine).push(300).finish().end();
  };
  const auto place = [&](const char* name) { return places[name].get<std::string>(); };
  CHECK(told_by("http://" + place("refused")).starts_with("stt.mine cannot be reached"));
  CHECK(
      told_by("http://" + place("silent"), "200").starts_with("stt.mine took too long to connect"));
  CHECK(told_by("https://" + place("not_tls")).starts_with("stt.mine cannot be reached securely"));
  CHECK(told_by(place("https") + kPath).starts_with("stt.mine cannot be reached securely"));
  CHECK(fakes.requests(kFake).empty());
}

}  // namespace
}  // namespace parley::tests
