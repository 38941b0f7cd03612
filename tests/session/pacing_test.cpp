// SPDX-License-Identifier: MIT
// How speech goes out: as much as was made, in the format that was asked for, no earlier than it
// can be played, and with its words beside it.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using base::AudioEncoding;
using base::AudioFormat;

Script of_clauses(int clause_ms) {
  Script script;
  script.answers = {engine::LlmText{"Well, one two three, four five six. Seven eight nine."},
                    engine::LlmDone{}};
  script.clause_ms = clause_ms;
  return script;
}

std::int64_t bytes_sent(const World& world) {
  std::int64_t bytes = 0;
  for (const auto& heard : world.events) bytes += std::ssize(heard.audio);
  return bytes;
}

TEST_CASE("every output format carries the whole answer, in whole samples of its size") {
  for (const auto format :
       {AudioFormat{AudioEncoding::pcm16, 8000}, AudioFormat{AudioEncoding::pcm16, 16000},
        AudioFormat{AudioEncoding::pcm16, 24000}, AudioFormat{AudioEncoding::pcm16, 48000},
        AudioFormat{AudioEncoding::g711_ulaw, 8000}, AudioFormat{AudioEncoding::g711_alaw, 8000}}) {
    CAPTURE(format.rate_hz);
    session::Options options = World::spoken_options();
    options.defaults.output_format = format;
    World world(options, of_clauses(1000));
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    const auto clauses = std::ssize(world.spoken);
    REQUIRE(clauses >= 2);
    CHECK(bytes_sent(world) == clauses * format.rate_hz * format.bytes_per_sample());
  }
}

TEST_CASE("the stored answer is what was sent, byte by byte") {
  World world(World::spoken_options(), of_clauses(700));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto item = world.all<protocol::ResponseDone>().back().response.output.at(0).id;
  world.client(protocol::ConversationItemRetrieve{item});
  const auto part = world.all<protocol::ItemRetrieved>().back().item.content.at(0);
  const std::int64_t bytes = bytes_sent(world);
  CHECK(std::ssize(part.audio_base64) == (bytes + 2) / 3 * 4);
  CHECK(part.transcript == "Well, one two three, four five six. Seven eight nine.");
}

TEST_CASE("the lead is an option: the first burst is as long as it, the rest comes in real time") {
  for (const int lead_ms : {100, 400, 2000}) {
    CAPTURE(lead_ms);
    session::Options options = World::spoken_options();
    options.output_lead = base::Milliseconds(lead_ms);
    World world(options, of_clauses(1500));
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    std::optional<base::Instant> first;
    base::Instant last;
    std::int64_t burst = 0;
    for (const auto& heard : world.events) {
      if (heard.audio.empty()) continue;
      if (!first) first = heard.at;
      if (heard.at == *first) burst += std::ssize(heard.audio);
      last = heard.at;
    }
    REQUIRE(first);
    CHECK(burst == 48LL * lead_ms);
    const auto total = base::Milliseconds(bytes_sent(world) / 48);
    const auto took = last - *first;
    CHECK(took <= total);
    CHECK(took >= total - base::Milliseconds(lead_ms + 100));
  }
}

// A word is shown when its sound goes out: never after it, and no more than a piece before.
TEST_CASE("words keep step with their sound") {
  Script script;
  script.answers = {engine::LlmText{"one two three four five six seven eight nine ten"},
                    engine::LlmDone{}};
  script.clause_ms = 5000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const std::string text = world.spoken.at(0).text;
  std::size_t shown = 0;
  std::int64_t sent = 0;
  for (const auto& heard : world.events) {
    if (const auto* delta = std::get_if<protocol::AudioTranscriptDelta>(&heard.event.body)) {
      const auto begin_ms = static_cast<std::int64_t>(shown * 5000 / text.size());
      CHECK(begin_ms <= sent / 48 + 100);
      shown += delta->delta.size();
    }
    sent += std::ssize(heard.audio);
    if (sent == 0) continue;
    // The word being spoken at the end of this piece has been shown.
    const auto spoken = static_cast<std::size_t>(sent / 48 - 1) * text.size() / 5000;
    CHECK(shown >= std::min(text.find_last_not_of(' ', spoken) + 1, text.size()));
  }
  CHECK(shown == text.size());
}

TEST_CASE("a voice slower than speech leaves gaps, and no debt is made up for") {
  Script script = of_clauses(300);
  script.voice_takes = std::chrono::seconds(2);
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(bytes_sent(world) == std::ssize(world.spoken) * 300 * 48);
}

TEST_CASE("a response beside the conversation is spoken to its end by time alone") {
  World world(World::spoken_options(), of_clauses(3000));
  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  world.client(beside);
  world.run_until_quiet();
  CHECK(world.all<protocol::ResponseDone>().size() == 1);
  CHECK(bytes_sent(world) == std::ssize(world.spoken) * 3000 * 48);
}

TEST_CASE("no more than two clauses are at the voice at once") {
  Script script;
  std::string text = "First of all, hello.";
  for (int i = 0; i < 20; ++i) text += " This is another sentence.";
  script.answers = {engine::LlmText{text}, engine::LlmDone{}};
  script.voice_takes = std::chrono::seconds(30);
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::seconds(10));
  CHECK(world.spoken.size() == 2);
  world.client(protocol::ResponseCancel{});
  CHECK(world.cancelled.size() == 2);
}

TEST_CASE("a speed is asked of the voice from the next response on") {
  Script script;
  script.answers = {engine::LlmText{"One."}, engine::LlmToolCallBegin{{}, "look"},
                    engine::LlmToolCallArguments{"{}"}, engine::LlmText{"Two."}, engine::LlmDone{}};
  script.clause_ms = 1000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(200));
  protocol::SessionUpdate update;
  update.session.speed = 1.5;
  world.client(update);
  world.run_until_quiet();
  REQUIRE(world.spoken.size() == 2);
  CHECK(world.spoken[1].speed == doctest::Approx(1.0));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.spoken.back().speed == doctest::Approx(1.5));
}

}  // namespace
}  // namespace parley::tests
