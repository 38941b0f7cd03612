// SPDX-License-Identifier: MIT
// Transcription APIs in trouble: every fault of the fakes at every stage ends the job with a reason
// in the engine's name, and the next one works.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/providers/openai/transcription_run.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

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
  for (const auto& peer : peers()) {
    for (const auto& c : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(c.kind));
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
      Run run(bench, *engine);
      run.push(300).finish().end();
      REQUIRE(run.failure.has_value());
      CHECK(c.means.count(run.failure->kind) == 1);
      CHECK(run.failure->message.starts_with("stt.mine "));
      CHECK(run.failure->message.find(kKey) == std::string::npos);
      CHECK(run.partials.empty());
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
      check_works(bench, *engine);
      CHECK(fakes.requests(peer.fake).size() == 2);
    }
  }
}

struct FaultCase {
  const char* kind;
  std::set<FailureKind> means;
  bool in_body;  // strikes after some pieces
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
  for (const auto& peer : peers()) {
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    // Four pieces, then more.
    json segments = json::array();
    for (const char* text : {"hel", "lo ", "the", "re"}) segments.push_back({{"text", text}});
    fakes.script(peer.fake, {{"chunk_chars", 3}, {"segments", segments}});
    for (const auto& c : cases) {
      const bool in_pieces = c.in_body && peer.streams;
      for (int at = 1; at <= (in_pieces ? 3 : 1); ++at) {
        for (const bool paused : {false, true}) {
          CAPTURE(std::string(peer.fake));
          CAPTURE(std::string(c.kind));
          CAPTURE(at);
          CAPTURE(paused);
          fakes.fault(peer.fake, c.kind, c.in_body ? json{{"at", at}} : json::object());
          // A breaker of its own: enough stalls would open it.
          const auto hasty =
              bench.make(peer, {{"retries", "0"},
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
          fakes.wait(peer.fake, "idle");
          check_works(bench, *engine);
        }
      }
    }
  }
}

TEST_CASE("a job that is destroyed closes its request at once, in every phase") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    int closed = 0;
    int answered = 0;
    for (const bool finished : {false, true}) {
      for (const char* kind : {"stall_headers", "stall_body"}) {
        fakes.fault(peer.fake, kind);
        Run run(bench, *engine);
        run.push(300).pause();
        if (finished) run.finish();
        const bool answers = kind == std::string("stall_body");
        ++closed;
        fakes.wait(peer.fake, answers ? "answering" : "received", answers ? ++answered : closed);
        run.cancel();
        const json seen = fakes.wait(peer.fake, "closed_by_client", closed);
        CHECK(seen.back()["ended"] == "closed_by_client");
      }
    }
    {
      Run(bench, *engine).push(300).finish();
    }
    check_works(bench, *engine);
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("utterances wait here for a server that takes them one at a time") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().back();
  const auto engine = bench.make(peer);
  const auto other = bench.make(peer, {{"max_concurrency", "2"}});
  fakes.fault(peer.fake, "stall_body");
  Run first(bench, *engine);
  first.push(300).pause();
  fakes.wait(peer.fake, "answering");
  Run second(bench, *engine);
  Run third(bench, *engine);
  second.push(400).pause();
  third.push(500).pause();
  // Another engine's requests go on; neither of the two has sent one.
  Run apart(bench, *other);
  Run beside(bench, *other);
  apart.push(1200).pause();
  beside.push(1200).pause();
  fakes.wait(peer.fake, "started", 3);
  second.resume();  // leaves the queue
  first.cancel();   // and so lets the third one in
  CHECK(third.finish().end() == kHeard);
  CHECK(apart.finish().end() == kHeard);
  CHECK(beside.finish().end() == kHeard);
  CHECK(second.push(100).finish().end() == kHeard);
  CHECK(fakes.wait(peer.fake, "complete", 4).size() == 5);
  fakes.wait(peer.fake, "idle");
}

TEST_CASE("an utterance that waits too long for its turn is told so") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().back();
  const auto engine = bench.make(peer, {{"first_byte_timeout_ms", "200"}});
  fakes.fault(peer.fake, "stall_body");
  Run first(bench, *engine);
  first.push(60'000).pause();  // its own time is longer: that of its sound is added
  fakes.wait(peer.fake, "answering");
  Run second(bench, *engine);
  CHECK(second.push(200).finish().end() == "stt.mine is busy with other utterances");
  CHECK(second.failure->kind == FailureKind::overloaded);
  first.cancel();
  check_works(bench, *engine);
}

TEST_CASE("an engine that asks for quiet is left alone, and told about") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine = bench.make(peer, {{"retries", "0"}});
  fakes.fault(peer.fake, "429", {{"retry_after", 20}});
  CHECK(Run(bench, *engine).push(300).finish().end().starts_with("stt.mine asks for fewer"));
  CHECK(Run(bench, *engine).push(300).finish().end().starts_with("stt.mine is left alone for"));
  CHECK(fakes.requests(peer.fake).size() == 1);
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
    const std::string told = Run(bench, *engine).push(300).finish().end();
    CHECK(told.starts_with(std::string(place) == "refused"
                               ? "stt.mine cannot be reached"
                               : "stt.mine took too long to begin its answer"));
  }
}

}  // namespace
}  // namespace parley::tests
