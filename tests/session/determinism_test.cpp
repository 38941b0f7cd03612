// SPDX-License-Identifier: MIT
// The same inputs, times and seed give the same outputs: every event in the same order, with the
// same ids, at the same time, and the same sound. A recorded session can be run again.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

struct Trace {
  std::vector<std::string> events;
  friend bool operator==(const Trace&, const Trace&) = default;
};

std::string item_named(const protocol::ServerEventBody& body) {
  return std::visit(
      [](const auto& event) -> std::string {
        if constexpr (requires { event.item_id; }) {
          return event.item_id;
        } else if constexpr (requires { event.ref.item_id; }) {
          return event.ref.item_id;
        } else if constexpr (requires { event.item.id; }) {
          return event.item.id;
        } else {
          return {};
        }
      },
      body);
}

Trace trace_of(const World& world) {
  Trace trace;
  for (const auto& heard : world.events) {
    const auto sum = std::accumulate(
        heard.audio.begin(), heard.audio.end(), 0ULL,
        [](std::uint64_t hash, std::uint8_t byte) { return hash * 1099511628211ULL + byte; });
    trace.events.push_back(std::to_string(heard.at.since_epoch.count()) + ' ' +
                           heard.event.event_id + ' ' + name_of(heard.event.body) + ' ' +
                           item_named(heard.event.body) + ' ' + std::to_string(sum));
  }
  return trace;
}

Trace busy_conversation(std::uint64_t seed) {
  session::Options options = World::spoken_options();
  options.seed = seed;
  World world(options);
  world.script.answers = {engine::LlmText{"Well, here is one. And two."},
                          engine::LlmToolCallBegin{{}, "look"}, engine::LlmDone{}};
  world.speech(700);
  world.silence(900);
  world.speech(500);  // over the answer
  world.silence(700);
  world.run_until_quiet();
  const auto answer = world.all<protocol::ResponseDone>().back().response.output.at(0).id;
  world.client(protocol::ConversationItemTruncate{answer, 0, 300});
  return trace_of(world);
}

TEST_CASE("a conversation can be run again, to the byte") {
  const Trace first = busy_conversation(7);
  CHECK(first.events.size() > 40);
  CHECK(busy_conversation(7) == first);
  CHECK_FALSE(busy_conversation(8) == first);
}

// Time is taken out of the picture: no answers, only what the user's audio causes.
std::vector<std::string> turns_in(int frame_ms, bool real_time, base::AudioFormat format) {
  session::Options options = World::default_options();
  options.defaults.input_format = format;
  options.defaults.turn_detection->create_response = false;
  World world(options);
  world.frame_ms = frame_ms;
  world.real_time = real_time;
  for (int turn = 0; turn < 3; ++turn) {
    world.silence(400);
    world.speech(800);
    world.silence(500);
  }
  std::vector<std::string> turns;
  for (const auto& heard : world.events) {
    std::string line = name_of(heard.event.body) + ' ' + item_named(heard.event.body);
    if (const auto* start = std::get_if<protocol::SpeechStarted>(&heard.event.body)) {
      line += ' ' + std::to_string(start->audio_start_ms);
    } else if (const auto* stop = std::get_if<protocol::SpeechStopped>(&heard.event.body)) {
      line += ' ' + std::to_string(stop->audio_end_ms);
    }
    turns.push_back(heard.event.event_id + ' ' + line);
  }
  return turns;
}

TEST_CASE("audio in other pieces, or faster than it was spoken, causes the very same events") {
  for (const auto format : {base::AudioFormat{base::AudioEncoding::pcm16, 24000},
                            base::AudioFormat{base::AudioEncoding::pcm16, 48000},
                            base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000}}) {
    const auto reference = turns_in(20, true, format);
    CHECK(reference.size() == 1 + 3 * 5);  // started, stopped, committed, added, done
    for (const int frame_ms : {1, 7, 10, 33, 100, 5100}) {
      CAPTURE(frame_ms);
      CHECK(turns_in(frame_ms, true, format) == reference);
      CHECK(turns_in(frame_ms, false, format) == reference);
    }
  }
}

}  // namespace
}  // namespace parley::tests
