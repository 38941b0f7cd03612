// SPDX-License-Identifier: MIT
// What `response.done` says an answer took: the model's count where it counts, ours elsewhere.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

engine::LlmDone counted(int input, int output, int cached = 0) {
  return {engine::LlmFinish::stop, input, output, cached};
}

protocol::Usage usage_of(const World& world) {
  return world.last<protocol::ResponseDone>().response.usage.value();
}

TEST_CASE("usage is what the model counted") {
  for (const auto& options : {World::default_options(), World::spoken_options()}) {
    World world(options);
    world.script.answers = {engine::LlmText{"Hello there."}, counted(20, 5, 12)};
    world.speech(600);
    world.silence(600);
    world.run_until_quiet();
    const auto usage = usage_of(world);
    CHECK(usage.input_tokens() == 20);
    CHECK(usage.input_text_tokens == 20);
    CHECK(usage.cached_text_tokens == 12);
    CHECK(usage.output_tokens() == 5);
    CHECK(usage.output_text_tokens == 5);
  }
}

TEST_CASE("of a model that hears and speaks the count includes the sound") {
  auto options = World::spoken_options();
  options.model.hears = options.model.speaks = true;
  World world(options);
  const engine::LlmAudio sound{std::vector<std::int16_t>(24000, 500), 24000};
  world.script.answers = {engine::LlmText{"Hello there."}, sound, counted(200, 90)};
  world.speech(600);
  world.silence(600);
  world.run_until_quiet();
  const auto usage = usage_of(world);
  CHECK(usage.input_tokens() == 200);
  CHECK(usage.input_audio_tokens > 0);
  CHECK(usage.output_tokens() == 90);
  CHECK(usage.output_audio_tokens == 20);  // one second
}

TEST_CASE("usage of a model that does not count is estimated") {
  World world(World::spoken_options());
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto usage = usage_of(world);
  CHECK(usage.output_text_tokens == 3);
  CHECK(usage.output_audio_tokens > 0);
}

}  // namespace
}  // namespace parley::tests
