// SPDX-License-Identifier: MIT
// Turns, first with a detector that is told what to say (so that every position is exact), then
// with the real ones on sounds made for the purpose.
#include "turn/turn_detector.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "tests/audio/counting_new.h"
#include "tests/turn/signals.h"

namespace parley::turn {

bool operator==(const TurnEvent& a, const TurnEvent& b) {
  return a.type == b.type && a.at == b.at && a.decided_at == b.decided_at;
}

namespace {

using namespace test;  // operator+ of its samples
using Type = TurnEventType;

constexpr std::int64_t kMs = kVadRateHz / 1000;

// Believes the samples: a frame's probability is its first sample, in percent.
class ToldVad final : public Vad {
 public:
  int frame_samples() const override { return 160; }
  float analyse(std::span<const std::int16_t> frame) override {
    return static_cast<float>(frame[0]) / 100;
  }
  void reset() override {}
};

Samples percent(int milliseconds, std::int16_t probability_percent) {
  return Samples(static_cast<std::size_t>(milliseconds * kMs), probability_percent);
}
Samples quiet(int milliseconds) { return percent(milliseconds, 0); }
Samples speech(int milliseconds) { return percent(milliseconds, 90); }

TurnDetector told(TurnDetectorOptions options = {}) {
  return {std::make_unique<ToldVad>(), options};
}

std::vector<TurnEvent> pushed(TurnDetector& detector, const Samples& samples) {
  std::vector<TurnEvent> events;
  detector.push(samples, events);
  return events;
}

std::vector<TurnEvent> events_of(const Samples& samples, TurnDetectorOptions options = {}) {
  TurnDetector detector = told(options);
  return pushed(detector, samples);
}

TurnEvent event(Type type, std::int64_t at_ms, std::int64_t decided_at_ms) {
  return {type, {at_ms * kMs}, {decided_at_ms * kMs}};
}

std::vector<TurnEvent> only(const std::vector<TurnEvent>& events, Type type) {
  std::vector<TurnEvent> found;
  std::ranges::copy_if(events, std::back_inserter(found),
                       [type](const TurnEvent& e) { return e.type == type; });
  return found;
}

using Events = std::vector<TurnEvent>;

TEST_CASE("a turn starts before its speech by the padding and ends after it by the silence") {
  CHECK(events_of(quiet(1000) + speech(500) + quiet(1000)) ==
        Events{event(Type::speech_started, 700, 1060), event(Type::silence_started, 1500, 1550),
               event(Type::speech_stopped, 1700, 1700)});
}

TEST_CASE("the padding does not reach before the stream") {
  CHECK(events_of(quiet(100) + speech(100)).at(0) == event(Type::speech_started, 0, 160));
  CHECK(events_of(speech(100)).at(0) == event(Type::speech_started, 0, 60));
}

TEST_CASE("the padding does not reach into the previous turn") {
  const Events started = only(events_of(quiet(500) + speech(300) + quiet(300) + speech(300),
                                        {.prefix_padding_ms = 300, .silence_duration_ms = 200}),
                              Type::speech_started);
  REQUIRE(started.size() == 2);
  CHECK(started[1] == event(Type::speech_started, 1000, 1160));
}

TEST_CASE("options without padding and silence are exact") {
  CHECK(
      events_of(quiet(100) + speech(100) + quiet(100),
                {.prefix_padding_ms = 0, .silence_duration_ms = 0, .speech_duration_min_ms = 0}) ==
      Events{event(Type::speech_started, 100, 110), event(Type::silence_started, 200, 210),
             event(Type::speech_stopped, 200, 210)});
}

TEST_CASE("speech shorter than the minimum starts nothing") {
  CHECK(events_of(quiet(300) + speech(50) + quiet(300)).empty());
  CHECK(events_of(quiet(300) + speech(10) + quiet(300)).empty());
  CHECK(only(events_of(quiet(300) + speech(60) + quiet(300)), Type::speech_started).size() == 1);
  // Nor do many such, each on its own.
  Samples clicks;
  for (int i = 0; i < 20; ++i) {
    clicks = clicks + speech(20) + quiet(60);
  }
  CHECK(events_of(clicks).empty());
}

TEST_CASE("a short gap does not break the run that starts a turn, and does not count as speech") {
  CHECK(events_of(quiet(300) + speech(30) + quiet(40) + speech(30)) ==
        Events{event(Type::speech_started, 0, 400)});
  CHECK(events_of(quiet(300) + speech(30) + quiet(50) + speech(30) + quiet(300)).empty());
}

TEST_CASE("a pause within a turn is told, and so is its end") {
  CHECK(events_of(speech(300) + quiet(150) + speech(300) + quiet(500)) ==
        Events{event(Type::speech_started, 0, 60), event(Type::silence_started, 300, 350),
               event(Type::speech_resumed, 450, 480), event(Type::silence_started, 750, 800),
               event(Type::speech_stopped, 950, 950)});
}

TEST_CASE("a pause of a moment is not told") {
  CHECK(events_of(speech(300) + quiet(40) + speech(300) + quiet(40) + speech(100)) ==
        Events{event(Type::speech_started, 0, 60)});
}

TEST_CASE("a click in the pause does not keep the turn open") {
  CHECK(events_of(speech(300) + quiet(100) + speech(20) + quiet(300)) ==
        Events{event(Type::speech_started, 0, 60), event(Type::silence_started, 300, 350),
               event(Type::speech_stopped, 500, 500)});
}

TEST_CASE("speech that began just before the end of the silence is waited for") {
  const Events resumed = events_of(speech(300) + quiet(190) + speech(300));
  CHECK(resumed == Events{event(Type::speech_started, 0, 60),
                          event(Type::silence_started, 300, 350),
                          event(Type::speech_resumed, 490, 520)});
  // It was only a click: the turn ended where it would have, though it is known later.
  CHECK(events_of(speech(300) + quiet(190) + speech(10) + quiet(300)).back() ==
        event(Type::speech_stopped, 500, 550));
}

TEST_CASE("several turns in one push come in order") {
  Samples sound = quiet(500);
  for (int turn = 0; turn < 5; ++turn) {
    sound = sound + speech(400) + quiet(600);
  }
  const Events events = events_of(sound);
  REQUIRE(events.size() == 15);
  for (std::size_t i = 0; i < events.size(); ++i) {
    constexpr Type kOrder[] = {Type::speech_started, Type::silence_started, Type::speech_stopped};
    CHECK(events[i].type == kOrder[i % 3]);
    CHECK(events[i].at <= events[i].decided_at);
    CHECK((i == 0 || events[i - 1].decided_at <= events[i].decided_at));
    CHECK((i == 0 || events[i - 1].at <= events[i].at));
  }
}

TEST_CASE("a sound's events do not depend on how it is cut") {
  const Samples sound = quiet(333) + speech(400) + quiet(120) + speech(77) + quiet(600) +
                        speech(20) + quiet(200) + speech(300) + quiet(1000);
  const Events whole = events_of(sound);
  CHECK(whole.size() == 8);
  for (const std::size_t chunk : {1, 7, 160, 320, 441, 4800}) {
    TurnDetector detector = told();
    Events events;
    for (std::size_t at = 0; at < sound.size(); at += chunk) {
      detector.push(std::span(sound).subspan(at, std::min(chunk, sound.size() - at)), events);
    }
    CAPTURE(chunk);
    CHECK(events == whole);
    CHECK(detector.position().samples == static_cast<std::int64_t>(sound.size()));
  }
}

TEST_CASE("the detector tells whether somebody speaks, where it is and how sure") {
  TurnDetector detector = told();
  CHECK_FALSE(detector.speaking());
  CHECK(detector.position().samples == 0);
  pushed(detector, speech(55));
  CHECK_FALSE(detector.speaking());
  CHECK(detector.position().samples == 55 * kMs);
  CHECK(detector.probability() == doctest::Approx(0.9));
  pushed(detector, speech(5));
  CHECK(detector.speaking());
  pushed(detector, quiet(100));
  CHECK(detector.speaking());
  CHECK(detector.probability() == 0);
  pushed(detector, quiet(100));
  CHECK_FALSE(detector.speaking());
}

TEST_CASE("a turn ended from outside is not ended again, and the next one starts after it") {
  TurnDetector detector = told();
  pushed(detector, quiet(500) + speech(403));
  CHECK(detector.speaking());
  detector.end_turn();
  CHECK_FALSE(detector.speaking());
  CHECK(pushed(detector, quiet(107)).empty());
  CHECK(pushed(detector, speech(100)) == Events{event(Type::speech_started, 903, 1070)});
}

TEST_CASE("speech that goes on after its turn was ended from outside is a new turn") {
  TurnDetector detector = told();
  pushed(detector, speech(400));
  detector.end_turn();
  CHECK(pushed(detector, speech(300) + quiet(300)) ==
        Events{event(Type::speech_started, 400, 460), event(Type::silence_started, 700, 750),
               event(Type::speech_stopped, 900, 900)});
}

TEST_CASE("ending the turn in a pause or in quiet is also final") {
  TurnDetector detector = told();
  pushed(detector, speech(400) + quiet(100));
  detector.end_turn();
  CHECK(pushed(detector, quiet(1000)).empty());
  detector.end_turn();
  CHECK(pushed(detector, speech(100)) == Events{event(Type::speech_started, 1500, 1560)});
}

TEST_CASE("a new threshold counts from the next frame") {
  TurnDetector detector = told({.threshold = 0.5});
  CHECK(pushed(detector, percent(500, 40)).empty());
  detector.set_options({.threshold = 0.4});
  CHECK(pushed(detector, percent(60, 40)).size() == 1);
  // The turn goes on; under a higher threshold the same sound is silence.
  detector.set_options({.threshold = 0.8});
  const Events events = pushed(detector, percent(300, 40));
  REQUIRE(events.size() == 2);
  CHECK(events[1] == event(Type::speech_stopped, 760, 760));
}

TEST_CASE("a new silence duration holds for the turn in progress") {
  TurnDetector detector = told({.silence_duration_ms = 1000});
  pushed(detector, speech(300) + quiet(500));
  CHECK(detector.speaking());
  detector.set_options({.silence_duration_ms = 300});
  CHECK(pushed(detector, quiet(10)) == Events{event(Type::speech_stopped, 600, 810)});
}

TEST_CASE("a threshold of nothing still hears no speech in nothing, one of all still hears some") {
  CHECK(events_of(quiet(1000), {.threshold = 0}).empty());
  CHECK(events_of(percent(100, 100), {.threshold = 1}).size() == 1);
  CHECK(events_of(percent(100, 99), {.threshold = 1}).empty());
}

TEST_CASE("turn detection allocates nothing once warm") {
  for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
    TurnDetector detector(make_vad({.kind = kind}), {});
    const Samples sound = test::voice(400, -25) + test::silence(400);
    Events events;
    events.reserve(100);
    detector.push(sound, events);
    const std::int64_t before = test::allocation_count();
    for (int i = 0; i < 5; ++i) {
      detector.push(sound, events);
      detector.end_turn();
    }
    CHECK(test::allocation_count() == before);
    CHECK(events.size() >= 6);
  }
}

TEST_CASE("real detectors find made-up voices in noise, whatever the cut") {
  const Samples talk = test::silence(1000) + test::voice(800, -25) + test::silence(700) +
                       test::voice(500, -20) + test::silence(1000);
  const Samples sound = test::mixed(talk, test::noise(4000, -62));
  for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
    CAPTURE(static_cast<int>(kind));
    const auto events_in_chunks = [&](std::size_t chunk) {
      TurnDetector detector(make_vad({.kind = kind}), {});
      Events events;
      for (std::size_t at = 0; at < sound.size(); at += chunk) {
        detector.push(std::span(sound).subspan(at, std::min(chunk, sound.size() - at)), events);
      }
      return events;
    };
    const Events whole = events_in_chunks(sound.size());
    for (const std::size_t chunk : {1, 7, 160, 320, 4800}) {
      CHECK(events_in_chunks(chunk) == whole);
    }
    const Events started = only(whole, Type::speech_started);
    const Events stopped = only(whole, Type::speech_stopped);
    REQUIRE(started.size() == 2);
    REQUIRE(stopped.size() == 2);
    CHECK(started[0].at.milliseconds(kVadRateHz) == doctest::Approx(700).epsilon(0.06));
    CHECK(stopped[0].at.milliseconds(kVadRateHz) == doctest::Approx(2000).epsilon(0.03));
    CHECK(started[1].at.milliseconds(kVadRateHz) == doctest::Approx(2200).epsilon(0.03));
    CHECK(stopped[1].at.milliseconds(kVadRateHz) == doctest::Approx(3200).epsilon(0.03));
  }
}

// The library's own hang-over would make each of these long enough for a turn.
TEST_CASE("the webrtc detector starts no turn for a knock that dies away at once") {
  for (const double peak_dbfs : {-30.0, -25.0, -20.0}) {
    Samples knocks = test::silence(2000);
    for (int i = 0; i < 20; ++i) {
      knocks = knocks + test::knock(500, peak_dbfs);
    }
    TurnDetector detector(make_vad({.kind = VadKind::webrtc}), {});
    CAPTURE(peak_dbfs);
    CHECK(pushed(detector, test::mixed(knocks, test::noise(12000, -60))).empty());
  }
}

TEST_CASE("real detectors ignore clicks") {
  Samples clicks = test::silence(500);
  for (int i = 0; i < 10; ++i) {
    clicks = clicks + test::click(300);
  }
  for (const double room_dbfs : {-90.0, -60.0, -50.0}) {
    const Samples sound = test::mixed(clicks, test::noise(3500, room_dbfs));
    for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
      TurnDetector detector(make_vad({.kind = kind}), {});
      CAPTURE(room_dbfs);
      CAPTURE(static_cast<int>(kind));
      CHECK(pushed(detector, sound).empty());
    }
  }
}

}  // namespace
}  // namespace parley::turn
