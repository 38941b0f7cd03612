// SPDX-License-Identifier: MIT
// Recognisers that hear an utterance in one go, against the fakes: what was said is asked for at
// the first silence, taken back when the voice goes on, and every fault ends the job with a reason
// in the engine's name.
#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "tests/providers/openai/transcription_run.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {
namespace {

using engine::FailureKind;
using nlohmann::json;

bool is_webm(const Peer& peer) { return peer.options.count("upload") != 0; }
bool is(const Peer& peer, const char* provider) { return peer.provider == std::string(provider); }

TEST_CASE("what was said is understood, over a connection that is used again") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"prompt", "Greetings."}});
    engine::SttRequest request;
    request.language = "en";
    Run run(bench, *engine, request);
    CHECK(run.push(1200).push(100).finish().end() == kHeard);
    fakes.wait(peer.fake, "complete");
    check_works(bench, *engine);
    const json seen = fakes.wait(peer.fake, "complete", 2);
    CHECK(seen[0]["authorized"] == true);
    CHECK(seen[0]["connection"] == seen[1]["connection"]);
    CHECK(seen[0]["fields"]["language"] == "en");
    CHECK(seen[0]["fields"]["prompt"] == "Greetings.");
    const json& audio = seen[0]["audio"];
    CHECK(audio["valid"] == true);
    if (is_webm(peer)) {
      CHECK(audio["container"] == "webm");
      CHECK(audio["codec"] == "opus");
      CHECK(seen[0]["file"]["type"] == "audio/webm");
    } else {
      CHECK(audio["rate"] == 16000);
      CHECK(audio["channels"] == 1);
      CHECK(audio["duration_ms"] == 1300);
      CHECK(seen[0]["file"] == json{{"filename", "audio.wav"}, {"type", "audio/wav"}});
    }
  }
}

TEST_CASE("words are told as they come where the server streams them") {
  for (const auto& peer : peers()) {
    if (!peer.streams) continue;
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    // Speaches streams segments, the others words.
    fakes.script(peer.fake, {{"segments", {{{"text", "hello"}}, {{"text", " there"}}}}});
    fakes.fault(peer.fake, "hold", {{"at", 1}});
    Run run(bench, *engine);
    run.push(300).finish();
    CHECK(run.next());
    CHECK(run.words == "hello");
    CHECK(run.stable == 5);
    fakes.release(peer.fake);
    CHECK(run.end() == kHeard);
  }
}

TEST_CASE("pieces of any size and other manners of writing change nothing") {
  const std::vector<json> manners = {{{"crlf", true}},         {{"event_lines", true}},
                                     {{"done", false}},        {{"chunk_chars", 1}},
                                     {{"text", "Zwölf 你好"}}, {{"text", ""}}};
  for (const auto& peer : peers()) {
    for (const auto& manner : manners) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(manner.dump());
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.script(peer.fake, manner);
      fakes.fault(peer.fake, "slow_drip", {{"bytes", 11}});
      CHECK(Run(bench, *engine).push(300).finish().end() == manner.value("text", kHeard));
    }
  }
}

// ---- the first silence --------------------------------------------------------------------------

TEST_CASE("the request starts at the first silence, and finish() takes its answer") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    Run run(bench, *engine);
    run.push(1500).pause();
    // The answer is there before the session knows that the turn is over: its words can be judged.
    run.await(kHeard);
    fakes.wait(peer.fake, "complete");
    CHECK(run.stable == 0);
    CHECK(run.push(sound(400, 0)).pause().finish().end() == kHeard);
    const json seen = fakes.requests(peer.fake);
    CHECK(seen.size() == 1);
    if (!is_webm(peer)) CHECK(seen[0]["audio"]["duration_ms"] == 1500);
  }
}

TEST_CASE("finish() waits for an answer that is under way") {
  for (const auto& peer : peers()) {
    for (const json& at : {json("headers"), json(1)}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(at.dump());
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, "hold", {{"at", at}});
      Run run(bench, *engine);
      run.push(300).pause();
      fakes.wait(peer.fake, at == json(1) ? "answering" : "started");
      run.finish();
      fakes.release(peer.fake);
      CHECK(run.end() == kHeard);
      CHECK(fakes.requests(peer.fake).size() == 1);
    }
  }
}

TEST_CASE("words heard before finish() are sure once it came, though the rest is missing") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine = bench.make(peer);
  fakes.fault(peer.fake, "hold", {{"at", 1}});
  Run run(bench, *engine);
  run.push(300).pause().await("hello");
  CHECK(run.stable == 0);
  run.finish();
  CHECK(run.next());
  CHECK(run.words == "hello");
  CHECK(run.stable == 5);
  fakes.release(peer.fake);
  CHECK(run.end() == kHeard);
}

TEST_CASE("when the voice goes on, the request is closed upstream at once and made anew") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    Run run(bench, *engine);
    run.push(1100);
    int closed = 0;
    for (const std::string kind : {"stall_headers", "stall_body"}) {
      fakes.fault(peer.fake, kind);
      run.pause();
      fakes.wait(peer.fake, kind == "stall_body" ? "answering" : "received");
      run.resume();
      fakes.wait(peer.fake, "closed_by_client", ++closed);
      run.push(200);
    }
    // An answer that was there already is void, too.
    fakes.script(peer.fake, {{"text", "hey you"}, {"times", 1}});
    run.pause().await("hey you");
    run.resume().push(200).pause().resume();
    CHECK(run.push(200).finish().end() == kHeard);
    const json seen = fakes.wait(peer.fake, "complete", 2);
    if (!is_webm(peer)) CHECK(seen.back()["audio"]["duration_ms"] == 1900);
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("a failure waits for finish(), and a voice that goes on makes it void") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.fault(peer.fake, "500", {{"times", 2}});
    Run run(bench, *engine);
    run.push(300).pause();
    fakes.wait(peer.fake, "ended");
    run.resume().push(300).pause();
    fakes.wait(peer.fake, "ended", 2);
    CHECK(run.resume().push(300).finish().end() == kHeard);

    fakes.fault(peer.fake, "500");
    Run failing(bench, *engine);
    failing.push(300).pause();
    fakes.wait(peer.fake, "ended", 4);
    CHECK(failing.finish().end().starts_with("stt.mine failed (HTTP 500)"));
    check_works(bench, *engine);
  }
}

TEST_CASE("too little sound is no words, and no request") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    for (const int ms : {0, 1, 99}) {
      CHECK(Run(bench, *engine).push(ms).finish().end().empty());
      CHECK(Run(bench, *engine).push(ms).pause().finish().end().empty());
    }
    CHECK(fakes.requests(peer.fake).empty());
    CHECK(Run(bench, *engine).push(99).pause().resume().push(1).finish().end() == kHeard);
  }
}

TEST_CASE("an utterance without end is refused, and what was kept of it let go") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine = bench.make(peer, {{"utterance_max_s", "2"}});
  CHECK(Run(bench, *engine).push(2000).finish().end() == kHeard);
  Run run(bench, *engine);
  run.push(1900).pause().resume().push(101).push(5000).pause();
  CHECK(run.finish().end() == "stt.mine takes utterances of at most 2 s");
  CHECK(run.failure->kind == FailureKind::invalid_request);
}

TEST_CASE("nothing is sent for a job that is gone before it was finished") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine = bench.make(peer);
  {
    Run(bench, *engine).push(500);
  }
  check_works(bench, *engine);
  CHECK(fakes.requests(peer.fake).size() == 1);
}

// ---- what engines tell besides the words --------------------------------------------------------

TEST_CASE("what Whisper invents in silence is not understood") {
  for (const auto& peer : peers()) {
    const bool tells = !peer.streams && peer.options.count("stream") == 0;
    if (!tells && !is(peer, "speaches")) continue;
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"stream", "false"}});
    fakes.script(
        peer.fake,
        {{"text", "Thank you."}, {"no_speech_prob", 0.9}, {"avg_logprob", -2}, {"times", 1}});
    CHECK(Run(bench, *engine).push(300).finish().end().empty());
    fakes.script(peer.fake, {{"no_speech_prob", 0.9}, {"avg_logprob", -0.1}});
    check_works(bench, *engine);
  }
}

TEST_CASE("a session that wants to know how sure the engine is gets it where the engine tells") {
  for (const auto& peer : peers()) {
    if (is(peer, "groq") || is(peer, "speaches") || is(peer, "vllm")) continue;
    if (!peer.streams && is(peer, "azure_openai")) continue;
    if (peer.options.count("model") != 0) continue;  // whisper-1
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    if (!is(peer, "whispercpp")) fakes.script(peer.fake, {{"logprobs", true}});
    engine::SttRequest request;
    request.logprobs = true;
    Run run(bench, *engine, request);
    CHECK(run.push(300).finish().end() == kHeard);
    REQUIRE(run.logprobs.size() == 2);
    CHECK(run.logprobs[1].token == " there");
    CHECK(run.logprobs[1].logprob < 0);
    if (!is(peer, "whispercpp")) {
      CHECK(fakes.requests(peer.fake)[0]["fields"]["include[]"] == "logprobs");
    }
  }
}

TEST_CASE("whisper.cpp gets at least a second of sound, and is told to find the language") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().back();
  const auto engine = bench.make(peer, {{"fields", "vad = true"}});
  Run run(bench, *engine);
  CHECK(run.push(300).pause().resume().push(100).finish().end() == kHeard);
  const json seen = fakes.requests(peer.fake).back();
  CHECK(seen["audio"]["duration_ms"] == 1100);
  CHECK(seen["fields"]["language"] == "auto");
  CHECK(seen["fields"]["vad"] == "true");
}

// ---- many ---------------------------------------------------------------------------------------

TEST_CASE("a thousand utterances, one after the other, need one connection") {
  Fakes fakes;
  Bench bench;
  const Peer& peer = peers().front();
  const auto engine = bench.make(peer);
  std::set<json> connections;
  constexpr int kUtterances = 1000;
  for (int i = 1; i <= kUtterances; ++i) {
    check_works(bench, *engine);
    if (i % 100 != 0) continue;
    for (const auto& seen : fakes.wait(peer.fake, "complete", i)) {
      connections.insert(seen["connection"]);
    }
  }
  CHECK(connections.size() == 1);
  fakes.wait(peer.fake, "idle");
}

TEST_CASE("utterances at the same time are all understood, even by a server that takes turns") {
  for (const auto& peer : {peers().front(), peers().back()}) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    std::vector<std::unique_ptr<Run>> runs;
    for (int i = 0; i < 20; ++i) runs.push_back(std::make_unique<Run>(bench, *engine));
    for (auto& run : runs) run->push(300).pause();
    for (auto& run : runs) run->finish();
    for (auto& run : runs) CHECK(run->end() == kHeard);
    fakes.wait(peer.fake, "idle");
  }
}

// ---- a real one ---------------------------------------------------------------------------------

std::string variable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

// PARLEY_STT_URL is the base_url of a real server; PARLEY_STT_PROVIDER (openai), PARLEY_STT_MODEL
// and PARLEY_STT_KEY say more. It hears a tone, so what it understands is its own affair.
TEST_CASE("a real server answers" * doctest::skip(std::getenv("PARLEY_STT_URL") == nullptr)) {
  const std::string provider = variable("PARLEY_STT_PROVIDER", "openai");
  Peer peer{provider.c_str(), "", "", false};
  Options more = {{"base_url", variable("PARLEY_STT_URL", "")},
                  {"api_key", variable("PARLEY_STT_KEY", "")}};
  if (const std::string model = variable("PARLEY_STT_MODEL", ""); !model.empty()) {
    more["model"] = model;
  }
  Bench bench;
  const auto engine = bench.make(peer, more);
  for (const bool paused : {false, true}) {
    Run run(bench, *engine);
    run.push(1500);
    if (paused) run.pause().push(sound(300, 0)).resume().push(500).pause();
    run.finish().end();
    CHECK_MESSAGE(!run.failure, (run.failure ? run.failure->message : ""));
  }
}

}  // namespace
}  // namespace parley::tests
