// SPDX-License-Identifier: MIT
// Engines in reserve, over engines that do what the test says.
#include "providers/remote/fallback.h"

#include <doctest/doctest.h>

#include <string>

#include "providers/remote/voice_map.h"
#include "tests/providers/test_executor.h"

namespace parley::tests {
namespace {

using namespace engine;
using providers::remote::with_fallback;
using providers::remote::with_voices;

Failure failure(std::string message, FailureKind kind = FailureKind::unavailable) {
  return {"server_error", std::move(message), kind};
}

LlmRequest model_request(std::string model, std::string voice) {
  LlmRequest request;
  request.model = std::move(model);
  request.voice = std::move(voice);
  return request;
}

SttRequest german() {
  SttRequest request;
  request.language = "de";
  return request;
}

// What the jobs of one scripted engine went through, and the way to speak for the newest.
template <class Event, class Request>
struct Puppet {
  Sink<Event> sink;
  Request request;
  std::string log;
  int started = 0;
  int alive = 0;
};

class PuppetStt final : public SttEngine, public Puppet<SttEvent, SttRequest> {
 public:
  struct Job final : SttJob {
    explicit Job(PuppetStt& owner) : puppet(owner) { ++puppet.alive; }
    ~Job() override { --puppet.alive; }
    void push(std::span<const std::int16_t> samples) override {
      for (const auto sample : samples) puppet.log += std::to_string(sample) + " ";
    }
    void pause() override { puppet.log += "pause "; }
    void resume() override { puppet.log += "resume "; }
    void finish() override { puppet.log += "finish "; }
    PuppetStt& puppet;
  };
  std::unique_ptr<SttJob> start(SttRequest request_in, base::Executor&,
                                Sink<SttEvent> sink_in) override {
    ++started;
    request = std::move(request_in);
    sink = std::move(sink_in);
    return std::make_unique<Job>(*this);
  }
  std::string describe() const override { return "puppet"; }
};

class PuppetLlm final : public LlmEngine, public Puppet<LlmEvent, LlmRequest> {
 public:
  struct Job final : LlmJob {
    explicit Job(PuppetLlm& owner) : puppet(owner) { ++puppet.alive; }
    ~Job() override { --puppet.alive; }
    PuppetLlm& puppet;
  };
  std::unique_ptr<LlmJob> start(LlmRequest request_in, base::Executor&,
                                Sink<LlmEvent> sink_in) override {
    ++started;
    request = std::move(request_in);
    sink = std::move(sink_in);
    return std::make_unique<Job>(*this);
  }
  LlmTraits traits() const override { return mine; }
  std::string describe() const override { return "puppet"; }
  LlmTraits mine;
};

class PuppetTts final : public TtsEngine, public Puppet<TtsEvent, TtsRequest> {
 public:
  std::unique_ptr<TtsJob> start(TtsRequest request_in, base::Executor&,
                                Sink<TtsEvent> sink_in) override {
    ++started;
    request = std::move(request_in);
    sink = std::move(sink_in);
    return std::make_unique<TtsJob>();
  }
  std::vector<std::string> voices() const override { return {"af_heart", "am_adam"}; }
  std::string describe() const override { return "puppet"; }
};

// A sink that writes down what the session would see.
template <class Event>
struct Seen {
  Sink<Event> sink() {
    return [this](Event event) { events.push_back(std::move(event)); };
  }
  template <class Kind>
  const Kind* last() const {
    return events.empty() ? nullptr : std::get_if<Kind>(&events.back());
  }
  std::vector<Event> events;
};

TEST_CASE("a model that fails before its first word hands the request to the next") {
  PuppetLlm first;
  PuppetLlm second;
  TestExecutor loop;
  Seen<LlmEvent> seen;
  const auto engine = with_fallback(std::vector<LlmEngine*>{&first, &second});
  auto job = engine->start(model_request("m", ""), loop, seen.sink());
  first.sink(LlmText{""});
  first.sink(failure("llm.a failed"));
  CHECK(second.started == 0);
  loop.drain();
  CHECK(first.alive == 0);
  REQUIRE(second.started == 1);
  CHECK(second.request.model == "m");
  second.sink(LlmText{"Hello."});
  second.sink(LlmDone{});
  CHECK(seen.last<LlmDone>() != nullptr);
  job.reset();
  CHECK(second.alive == 0);
}

TEST_CASE("once something was said, a failure is told") {
  PuppetLlm first;
  PuppetLlm second;
  TestExecutor loop;
  Seen<LlmEvent> seen;
  const auto engine = with_fallback(std::vector<LlmEngine*>{&first, &second});
  const auto job = engine->start({}, loop, seen.sink());
  first.sink(LlmText{"Hel"});
  first.sink(failure("llm.a broke off"));
  loop.drain();
  CHECK(second.started == 0);
  REQUIRE(seen.last<Failure>() != nullptr);
  CHECK(seen.last<Failure>()->message == "llm.a broke off");
}

TEST_CASE("a request that would fail anywhere is not tried again") {
  for (const auto kind : {FailureKind::invalid_request, FailureKind::content_filter}) {
    PuppetLlm first;
    PuppetLlm second;
    TestExecutor loop;
    Seen<LlmEvent> seen;
    const auto engine = with_fallback(std::vector<LlmEngine*>{&first, &second});
    const auto job = engine->start({}, loop, seen.sink());
    first.sink(failure("llm.a refused", kind));
    loop.drain();
    CHECK(second.started == 0);
    CHECK(seen.last<Failure>() != nullptr);
  }
}

TEST_CASE("when all fail, the failure names every engine") {
  PuppetLlm first;
  PuppetLlm second;
  PuppetLlm third;
  TestExecutor loop;
  Seen<LlmEvent> seen;
  const auto engine = with_fallback(std::vector<LlmEngine*>{&first, &second, &third});
  const auto job = engine->start({}, loop, seen.sink());
  first.sink(failure("llm.a failed"));
  loop.drain();
  second.sink(failure("llm.b failed"));
  loop.drain();
  third.sink(failure("llm.c is full", FailureKind::overloaded));
  REQUIRE(seen.events.size() == 1);
  CHECK(seen.last<Failure>()->message == "llm.a failed; llm.b failed; llm.c is full");
  CHECK(seen.last<Failure>()->kind == FailureKind::overloaded);
}

TEST_CASE("cancelled between two engines, the second is never started") {
  PuppetLlm first;
  PuppetLlm second;
  TestExecutor loop;
  Seen<LlmEvent> seen;
  const auto engine = with_fallback(std::vector<LlmEngine*>{&first, &second});
  auto job = engine->start({}, loop, seen.sink());
  first.sink(failure("llm.a failed"));
  job.reset();
  loop.drain();
  CHECK(second.started == 0);
  CHECK(seen.events.empty());
}

TEST_CASE("engines that cannot hear or speak are passed over when that is what is needed") {
  PuppetLlm omni;
  omni.mine = {.hears = true, .speaks = true};
  PuppetLlm text_only;
  TestExecutor loop;
  Seen<LlmEvent> seen;
  const auto engine = with_fallback(std::vector<LlmEngine*>{&omni, &text_only});
  CHECK(engine->traits().hears);

  LlmRequest request;
  Utterance said;
  said.sound = std::make_shared<Sound>();
  SUBCASE("sound without words") { request.history = {said}; }
  SUBCASE("an answer in sound") { request.speak = true; }
  const auto job = engine->start(request, loop, seen.sink());
  omni.sink(failure("llm.omni failed"));
  loop.drain();
  CHECK(text_only.started == 0);
  CHECK(seen.last<Failure>() != nullptr);
}

TEST_CASE("a recogniser's successor is told everything again, pauses included") {
  PuppetStt first;
  PuppetStt second;
  TestExecutor loop;
  Seen<SttEvent> seen;
  const auto engine = with_fallback(std::vector<SttEngine*>{&first, &second});
  const auto job = engine->start(german(), loop, seen.sink());
  job->push(std::vector<std::int16_t>{1, 2});
  job->pause();
  job->resume();
  job->push(std::vector<std::int16_t>{3});
  job->pause();
  first.sink(SttPartial{"maybe", 0});
  first.sink(failure("stt.a failed"));
  job->push(std::vector<std::int16_t>{4});  // while nobody listens
  job->finish();
  loop.drain();
  CHECK(first.log == "1 2 pause resume 3 pause ");
  CHECK(second.log == "1 2 3 pause 4 finish ");
  CHECK(second.request.language == "de");
  second.sink(SttFinal{"hello"});
  REQUIRE(seen.last<SttFinal>() != nullptr);
  CHECK(seen.last<SttFinal>()->text == "hello");
}

TEST_CASE("a recogniser does not move on once words are settled, or more was said than is kept") {
  PuppetStt first;
  PuppetStt second;
  TestExecutor loop;
  Seen<SttEvent> seen;
  const auto engine =
      with_fallback(std::vector<SttEngine*>{&first, &second}, std::chrono::milliseconds(1));
  const auto job = engine->start({}, loop, seen.sink());
  SUBCASE("settled words") { first.sink(SttPartial{"so it is", 3}); }
  SUBCASE("more than a millisecond") { job->push(std::vector<std::int16_t>(17)); }
  first.sink(failure("stt.a failed"));
  loop.drain();
  CHECK(second.started == 0);
  CHECK(seen.last<Failure>() != nullptr);
}

TEST_CASE("word times of a voice that fails are never seen") {
  PuppetTts first;
  PuppetTts second;
  TestExecutor loop;
  Seen<TtsEvent> seen;
  const auto engine = with_fallback(std::vector<TtsEngine*>{&first, &second});
  const auto job = engine->start({.text = "Hi.", .voice = {}}, loop, seen.sink());
  first.sink(TtsWords{{{0, 2, 0, 10}}});
  first.sink(failure("tts.a failed"));
  loop.drain();
  second.sink(TtsWords{{{0, 2, 0, 99}}});
  second.sink(TtsAudio{{1, 2}, 24000});
  second.sink(TtsDone{});
  REQUIRE(seen.events.size() == 3);
  CHECK(std::get<TtsWords>(seen.events[0]).words[0].end_ms == 99);
  CHECK(std::get<TtsAudio>(seen.events[1]).rate_hz == 24000);
}

TEST_CASE("words of a voice in front come before its sound") {
  PuppetTts first;
  PuppetTts second;
  TestExecutor loop;
  Seen<TtsEvent> seen;
  const auto engine = with_fallback(std::vector<TtsEngine*>{&first, &second});
  const auto job = engine->start({.text = "Hi.", .voice = {}}, loop, seen.sink());
  first.sink(TtsWords{{{0, 2, 0, 10}}});
  CHECK(seen.events.empty());
  first.sink(TtsAudio{{1}, 24000});
  REQUIRE(seen.events.size() == 2);
  CHECK(std::holds_alternative<TtsWords>(seen.events[0]));
}

TEST_CASE("a client's voice becomes the engine's") {
  PuppetTts voice;
  TestExecutor loop;
  const auto engine = with_voices(voice, {{{"alloy", "af_heart"}}, "am_adam"});
  const auto spoken_by = [&](const char* name) {
    const auto job = engine->start({.text = "Hi.", .voice = name}, loop, [](TtsEvent) {});
    return voice.request.voice;
  };
  CHECK(spoken_by("alloy") == "af_heart");
  CHECK(spoken_by("af_heart") == "af_heart");
  CHECK(spoken_by("echo") == "am_adam");
  CHECK(engine->voices() == std::vector<std::string>{"alloy", "af_heart", "am_adam"});

  PuppetLlm model;
  const auto plain = with_voices(model, {{{"alloy", "Cherry"}}, ""});
  const auto job = plain->start(model_request("", "Ethan"), loop, [](LlmEvent) {});
  CHECK(model.request.voice == "Ethan");
  const auto other = plain->start(model_request("", "alloy"), loop, [](LlmEvent) {});
  CHECK(model.request.voice == "Cherry");
}

}  // namespace
}  // namespace parley::tests
