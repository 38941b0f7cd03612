// SPDX-License-Identifier: MIT
// PocketSphinx, the real one, on recorded human speech and on Flite's.
#include <doctest/doctest.h>

#include <algorithm>

#include "providers/embedded/transcript.h"
#include "tests/providers/speech.h"

namespace parley::tests {
namespace {

using namespace providers::embedded;

// Decoders are expensive (200 ms, 100 MB): tests that can share an engine do.
struct Fixture {
  explicit Fixture(PocketSphinxOptions options = {}) {
    auto made = make_pocketsphinx(options, pool);
    REQUIRE(made.has_value());
    ear = std::move(*made);
  }

  WorkerPool pool{2};
  TestExecutor loop;
  std::unique_ptr<engine::SttEngine> ear;
};

TEST_CASE("recorded human speech is understood, two speakers at a time, with partials") {
  struct Row {
    const char* name;
    const char* text;
  };
  const Row rows[] = {
      {"conf-onlyperson", "you are currently the only person in this conference"},
      {"queue-thankyou", "thank you for your patience"},
      {"vm-nobodyavail", "nobody is available to take your call at the moment"},
      {"privacy-prompt", "please enter your phone number starting with the area code"},
      {"tt-somethingwrong", "something is terribly wrong"},
  };
  Fixture fixture;
  double understood = 0;
  for (const auto& row : rows) {
    Hearing first;
    Hearing second;
    begin(first, *fixture.ear, fixture.loop);
    begin(second, *fixture.ear, fixture.loop);
    hear_all(first, recorded(row.name));
    hear_all(second, recorded("queue-thankyou"));
    REQUIRE(fixture.loop.wait_for([&] { return first.over() && second.over(); }));
    REQUIRE(first.text);
    CAPTURE(*first.text);
    CHECK_FALSE(first.partials.empty());
    CHECK(share_of_words("thank you for your patience", second.text.value_or("")) > 0.7);
    understood += share_of_words(row.text, *first.text);
  }
  CHECK(understood / std::size(rows) > 0.7);
}

TEST_CASE("most of what Flite says PocketSphinx hears") {
  const char* const sentences[] = {"Hello, how are you today?", "What is twelve times seven?",
                                   "Please tell me a story.", "What time is it now?",
                                   "Thank you very much, and goodbye."};
  Fixture fixture;
  const auto flite = make_flite({}, fixture.pool);
  double understood = 0;
  for (const char* sentence : sentences) {
    const auto spoken = speak(*flite, fixture.loop, {sentence, "rms", 1.0});
    Hearing hearing;
    begin(hearing, *fixture.ear, fixture.loop);
    hear_all(hearing, spoken.samples);
    REQUIRE(fixture.loop.wait_for([&] { return hearing.over(); }));
    CHECK(hearing.text);
    understood += share_of_words(sentence, hearing.text.value_or(""));
  }
  CHECK(understood / std::size(sentences) > 0.6);
}

TEST_CASE("an utterance without sound, or without words, ends all the same") {
  Fixture fixture;
  for (const std::size_t samples : {0U, 100U, 16000U}) {
    Hearing hearing;
    begin(hearing, *fixture.ear, fixture.loop);
    hear_all(hearing, std::vector<std::int16_t>(samples));
    REQUIRE(fixture.loop.wait_for([&] { return hearing.over(); }));
    CHECK(hearing.text);
  }
}

TEST_CASE("with one decoder, utterances wait in order and all are understood") {
  Fixture fixture({.model_dir = {}, .decoders_max = 1});
  const auto sound = recorded("queue-thankyou");
  Hearing hearings[3];
  for (auto& hearing : hearings) begin(hearing, *fixture.ear, fixture.loop);
  std::vector<int> order;
  for (auto& hearing : hearings) hear_all(hearing, sound);
  REQUIRE(fixture.loop.wait_for([&] {
    for (int i = 0; i < 3; ++i) {
      const bool known = std::find(order.begin(), order.end(), i) != order.end();
      if (hearings[i].over() && !known) order.push_back(i);
    }
    return order.size() == 3;
  }));
  CHECK(order == std::vector<int>{0, 1, 2});
  for (const auto& hearing : hearings) {
    CHECK(share_of_words("thank you for your patience", hearing.text.value_or("")) > 0.7);
  }
}

TEST_CASE(
    "when no decoder is free and none may wait, the answer says so, and the next turn works") {
  Fixture fixture({.model_dir = {}, .decoders_max = 1, .waiting_max = 0});
  const auto sound = recorded("queue-thankyou");
  Hearing speaking;
  begin(speaking, *fixture.ear, fixture.loop);
  speaking.job->push(sound);  // has the decoder, and keeps it
  REQUIRE(fixture.loop.wait_for([&] { return !speaking.partials.empty(); }));

  Hearing refused;
  begin(refused, *fixture.ear, fixture.loop);
  hear_all(refused, sound);
  REQUIRE(fixture.loop.wait_for([&] { return refused.over(); }));
  REQUIRE(refused.failure);
  CHECK(refused.failure->code == "rate_limit_exceeded");
  CHECK(refused.failure->message.find("all 1 decoders are in use") != std::string::npos);

  speaking.job->finish();
  REQUIRE(fixture.loop.wait_for([&] { return speaking.over(); }));
  Hearing next;
  begin(next, *fixture.ear, fixture.loop);
  hear_all(next, sound);
  REQUIRE(fixture.loop.wait_for([&] { return next.over(); }));
  CHECK(next.text);
}

TEST_CASE("waiting for a decoder ends after its time") {
  Fixture fixture({.model_dir = {}, .decoders_max = 1, .waiting_max = 1});
  const auto sound = recorded("queue-thankyou");
  Hearing speaking;
  begin(speaking, *fixture.ear, fixture.loop);
  speaking.job->push(sound);
  REQUIRE(fixture.loop.wait_for([&] { return !speaking.partials.empty(); }));
  Hearing waiting;
  begin(waiting, *fixture.ear, fixture.loop);
  hear_all(waiting, sound);
  // Only one may wait: when the next is refused, the first is known to be waiting.
  Hearing refused;
  begin(refused, *fixture.ear, fixture.loop);
  hear_all(refused, sound);
  REQUIRE(fixture.loop.wait_for([&] { return refused.over() || waiting.over(); }));

  fixture.loop.fire_timers();
  REQUIRE(fixture.loop.wait_for([&] { return refused.over() && waiting.over(); }));
  CHECK(waiting.failure);
  CHECK(refused.failure);
  speaking.job->finish();
  REQUIRE(fixture.loop.wait_for([&] { return speaking.over(); }));
  CHECK(speaking.text);
}

TEST_CASE("a speaker who leaves in the middle frees the decoder") {
  Fixture fixture({.model_dir = {}, .decoders_max = 1});
  const auto sound = recorded("queue-thankyou");
  Hearing leaving;
  begin(leaving, *fixture.ear, fixture.loop);
  leaving.job->push(sound);
  REQUIRE(fixture.loop.wait_for([&] { return !leaving.partials.empty(); }));
  const auto events = leaving.partials.size();
  leaving.job.reset();

  Hearing next;
  begin(next, *fixture.ear, fixture.loop);
  hear_all(next, sound);
  REQUIRE(fixture.loop.wait_for([&] { return next.over(); }));
  CHECK(share_of_words("thank you for your patience", next.text.value_or("")) > 0.7);
  CHECK(leaving.partials.size() == events);
}

TEST_CASE("an utterance beyond its bound is refused") {
  Fixture fixture({.model_dir = {},
                   .decoders_max = 1,
                   .waiting_max = 8,
                   .wait_max_s = 30,
                   .utterance_max_s = 1});
  Hearing hearing;
  begin(hearing, *fixture.ear, fixture.loop);
  hearing.job->push(std::vector<std::int16_t>(16001));
  REQUIRE(fixture.loop.wait_for([&] { return hearing.over(); }));
  CHECK(hearing.failure->message.find("at most 1 s") != std::string::npos);
}

TEST_CASE("a missing model is an error that names its package") {
  WorkerPool pool(1);
  const auto missing = make_pocketsphinx({.model_dir = "/nowhere"}, pool);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().message.find("pocketsphinx-en-us") != std::string::npos);
}

TEST_CASE("transcripts are written as a person would") {
  CHECK(written_transcript("<s> i'm read(2) [NOISE] i <sil> think </s>") == "I'm read I think");
  CHECK(written_transcript("").empty());
  CHECK(written_transcript("<sil>").empty());
}

}  // namespace
}  // namespace parley::tests
