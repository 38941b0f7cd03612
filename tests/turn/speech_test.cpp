// SPDX-License-Identifier: MIT
// Turn detection on human speech. Method: each prompt stands between two seconds of faint noise;
// the clean recording's own level says where its speech begins and ends; the turns must agree. The
// recordings are made by tests/fixtures/make_speech.sh.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "audio/codec.h"
#include "audio/resampler.h"
#include "audio/wav.h"
#include "tests/turn/signals.h"
#include "turn/turn_detector.h"

namespace parley::turn {
namespace {

using namespace test;  // operator+ of its samples

constexpr int kRoomMs = 1000;  // before and after the recording
constexpr std::int64_t kFrame = kVadRateHz / 100;

struct Recording {
  std::string name;
  Samples samples;
};

std::vector<Recording> recordings() {
  const char* directory = std::getenv("PARLEY_TEST_SPEECH_DIR");
  REQUIRE_MESSAGE(directory != nullptr,
                  "set PARLEY_TEST_SPEECH_DIR to what tests/fixtures/make_speech.sh wrote");
  std::vector<Recording> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".wav") {
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    auto wav = audio::parse_wav(bytes);
    REQUIRE(wav.has_value());
    REQUIRE(wav->rate_hz == kVadRateHz);
    found.push_back({entry.path().stem().string(), std::move(wav->samples)});
  }
  REQUIRE(found.size() >= 8);
  std::ranges::sort(found, {}, &Recording::name);
  return found;
}

struct Extent {
  std::int64_t begin;
  std::int64_t end;
};

// Where a clean recording is within 30 dB of its loudest 10 ms.
Extent extent_of_speech(const Samples& samples) {
  std::vector<double> levels;
  for (std::size_t at = 0; at + kFrame <= samples.size(); at += kFrame) {
    const auto from = samples.begin() + static_cast<std::ptrdiff_t>(at);
    levels.push_back(test::level_dbfs({from, from + kFrame}));
  }
  const double least = *std::ranges::max_element(levels) - 30;
  const auto loud = [least](double level) { return level >= least; };
  const auto first = std::ranges::find_if(levels, loud) - levels.begin();
  const auto last = std::find_if(levels.rbegin(), levels.rend(), loud).base() - levels.begin();
  return {first * kFrame, last * kFrame};
}

Samples in_a_room(const Samples& samples, double room_dbfs) {
  const Samples padded = test::silence(kRoomMs) + samples + test::silence(kRoomMs);
  const int milliseconds = static_cast<int>(padded.size() * 1000 / kVadRateHz) + 1;
  Samples mixed = test::mixed(padded, test::noise(milliseconds, room_dbfs));
  mixed.resize(padded.size());
  return mixed;
}

std::vector<TurnEvent> turns_of(VadKind kind, const Samples& samples, TurnDetectorOptions options) {
  TurnDetector detector(make_vad({.kind = kind}), options);
  std::vector<TurnEvent> events;
  detector.push(samples, events);
  return events;
}

// First start and last stop, without padding and silence: where the detector heard speech.
Extent heard(const std::vector<TurnEvent>& events, TurnDetectorOptions options) {
  REQUIRE_FALSE(events.empty());
  CHECK(events.front().type == TurnEventType::speech_started);
  REQUIRE(events.back().type == TurnEventType::speech_stopped);
  return {events.front().at.samples + options.prefix_padding_ms * kVadRateHz / 1000,
          events.back().at.samples - options.silence_duration_ms * kVadRateHz / 1000};
}

std::int64_t count(const std::vector<TurnEvent>& events, TurnEventType type) {
  return std::ranges::count(events, type, &TurnEvent::type);
}

std::int64_t off_ms(std::int64_t a, std::int64_t b) { return std::abs(a - b) * 1000 / kVadRateHz; }

void check_agreement(VadKind kind, const Recording& recording, double room_dbfs,
                     std::int64_t off_ms_max) {
  const TurnDetectorOptions options;
  const Extent truth = extent_of_speech(recording.samples);
  const auto events = turns_of(kind, in_a_room(recording.samples, room_dbfs), options);
  const Extent found = heard(events, options);
  CAPTURE(recording.name);
  CAPTURE(static_cast<int>(kind));
  CAPTURE(room_dbfs);
  constexpr std::int64_t kRoom = kRoomMs * kVadRateHz / 1000;
  CHECK(off_ms(found.begin, truth.begin + kRoom) <= off_ms_max);
  CHECK(off_ms(found.end, truth.end + kRoom) <= off_ms_max);
  CHECK(count(events, TurnEventType::speech_started) ==
        count(events, TurnEventType::speech_stopped));
}

TEST_CASE("human speech in a quiet room begins and ends where its level says") {
  for (const Recording& recording : recordings()) {
    for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
      check_agreement(kind, recording, -70, 120);
      check_agreement(kind, recording, -60, 200);
    }
  }
}

TEST_CASE("a short sentence is one turn when the silence allows for its pauses") {
  for (const Recording& recording : recordings()) {
    if (recording.name == "demo-congrats" || recording.name == "demo-thanks") {
      continue;  // several sentences
    }
    for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
      const auto events =
          turns_of(kind, in_a_room(recording.samples, -60), {.silence_duration_ms = 500});
      CAPTURE(recording.name);
      CAPTURE(static_cast<int>(kind));
      CHECK(count(events, TurnEventType::speech_started) == 1);
    }
  }
}

TEST_CASE("human speech over the telephone is found as well") {
  for (const Recording& recording : recordings()) {
    Samples narrow;
    audio::Resampler down(kVadRateHz, 8000);
    down.process(recording.samples, narrow);
    down.flush(narrow);
    std::vector<std::uint8_t> codes;
    audio::encode(base::AudioEncoding::g711_ulaw, narrow, codes);
    narrow.clear();
    audio::decode(base::AudioEncoding::g711_ulaw, codes, narrow);
    Recording heard_there{recording.name + " (µ-law)", {}};
    audio::Resampler up(8000, kVadRateHz);
    up.process(narrow, heard_there.samples);
    up.flush(heard_there.samples);
    for (const VadKind kind : {VadKind::energy, VadKind::webrtc}) {
      check_agreement(kind, heard_there, -65, 200);
    }
  }
}

}  // namespace
}  // namespace parley::turn
