// SPDX-License-Identifier: MIT
// "The audio path allocates nothing per frame once warm", counted.
#include <doctest/doctest.h>

#include "tests/audio/counting_new.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

TEST_CASE("listening to a frame allocates nothing once warm") {
  for (const auto kind : {turn::VadKind::energy, turn::VadKind::webrtc}) {
    session::Options options = World::default_options();
    options.vad.kind = kind;
    base::Instant now{std::chrono::seconds(1)};
    session::Session session(options, now);
    while (session.poll()) {
    }
    const std::vector<std::uint8_t> frame(960);  // 20 ms of silence, PCM16 at 24 kHz
    const auto listen = [&](int frames) {
      for (int i = 0; i < frames; ++i) {
        now = now + std::chrono::milliseconds(20);
        session.handle(session::AudioAppended{frame, {}}, now);
        while (session.poll()) {
        }
      }
    };
    listen(2500);  // 50 s: past the first time that the buffer is trimmed
    const auto before = test::allocation_count();
    listen(2500);
    CHECK(test::allocation_count() == before);
  }
}

}  // namespace
}  // namespace parley::tests
