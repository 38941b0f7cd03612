// SPDX-License-Identifier: MIT
// What realtime-ai's page can play: a message at a time, each while the one before plays.
#include "compat/realtime_ai/sound_queue.h"

#include <doctest/doctest.h>

#include <vector>

namespace parley::compat {
namespace {

using base::Instant;
using base::Milliseconds;

constexpr std::size_t kBytesPerMs = 32;

std::vector<std::uint8_t> sound(int ms) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(ms) * kBytesPerMs, 1);
}

Instant at(int ms) { return {Milliseconds(ms)}; }

// The page: when each message begins to play, and whether one came at a bad moment.
struct Page {
  struct Message {
    int came_ms;
    int ms;
  };
  std::vector<Message> messages;

  // Plays `queue` out from `now` on, asking it whenever it wants to be asked.
  int play(SoundQueue& queue, int now_ms) {
    while (const auto due = queue.due()) {
      now_ms = std::max(
          now_ms,
          static_cast<int>(std::chrono::duration_cast<Milliseconds>(due->since_epoch).count()));
      const auto message = queue.take(at(now_ms));
      REQUIRE(message.has_value());
      messages.push_back({now_ms, static_cast<int>(message->size() / kBytesPerMs)});
    }
    return now_ms;
  }

  // At every message the page plays the one before, begun at least 150 ms ago, and no other waits.
  void check(int seam_ms) const {
    int begins = messages.at(0).came_ms;
    for (std::size_t i = 1; i < messages.size(); ++i) {
      const int ends = begins + messages[i - 1].ms + seam_ms;
      CHECK(messages[i].came_ms >= begins + 150);
      CHECK(messages[i].came_ms < ends);
      begins = ends;
    }
  }
};

TEST_CASE("row 18: a message comes while the one before plays, never two at once") {
  for (const int answer_ms : {410, 1000, 7550, 30'000}) {
    SoundQueue queue(16000);
    Page page;
    int now = 1000;
    for (int given = 0; given < answer_ms; given += 200) {
      queue.add(sound(std::min(200, answer_ms - given)), at(now));
      if (const auto message = queue.take(at(now))) {
        page.messages.push_back({now, static_cast<int>(message->size() / kBytesPerMs)});
      }
      now += 1;  // faster than it is heard
    }
    queue.finish();
    page.play(queue, now);
    CHECK(queue.done());
    CHECK(page.messages.size() <= 2 + static_cast<std::size_t>(answer_ms) / 4000);
    for (const int seam : {5, 10, 15}) page.check(seam);
    int whole = 0;
    for (const auto& message : page.messages) whole += message.ms;
    CHECK(whole == answer_ms);
  }
}

TEST_CASE("row 18: sound that is made slowly is given before the page falls silent") {
  SoundQueue queue(16000);
  queue.add(sound(300), at(0));
  CHECK_FALSE(queue.take(at(0)).has_value());  // more may be made at once
  CHECK(queue.take(at(30)).has_value());
  queue.add(sound(100), at(100));
  CHECK_FALSE(queue.take(at(200)).has_value());  // it may become longer
  REQUIRE(queue.due().has_value());
  CHECK(*queue.due() == at(280));
  const auto message = queue.take(at(280));
  REQUIRE(message.has_value());
  CHECK(message->size() == 200 * kBytesPerMs);  // filled up with silence
  CHECK(message->substr(100 * kBytesPerMs) == std::string(100 * kBytesPerMs, '\0'));
}

TEST_CASE("row 18: an answer that is shorter than a message comes as it is, and at once") {
  SoundQueue queue(16000);
  queue.add(sound(60), at(0));
  CHECK_FALSE(queue.take(at(0)).has_value());
  queue.finish();
  CHECK(queue.take(at(0))->size() == 60 * kBytesPerMs);
  CHECK(queue.done());
}

TEST_CASE("row 20: what was dropped is neither given nor played") {
  SoundQueue queue(16000);
  CHECK_FALSE(queue.plays(at(0)));
  queue.add(sound(1000), at(0));
  CHECK(queue.take(at(30)).has_value());
  queue.add(sound(1000), at(30));
  CHECK(queue.plays(at(1400)));
  CHECK_FALSE(queue.plays(at(1600)));
  queue.drop();
  CHECK_FALSE(queue.plays(at(100)));
  CHECK_FALSE(queue.due().has_value());
  CHECK(queue.done());
  queue.add(sound(300), at(200));  // the next answer does not wait for the last
  CHECK(queue.take(at(230)).has_value());
}

}  // namespace
}  // namespace parley::compat
