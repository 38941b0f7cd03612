// SPDX-License-Identifier: MIT
// Random conversations in virtual time: users who interrupt, clients that ask for nonsense, engines
// that are slow, fail or say odd things. Whatever happens, the protocol's invariants hold and no
// invariant of ours breaks. A failure names its seed.
#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed)
      : random_(seed),
        world_(random_.below(2) == 0 ? World::spoken_options() : World::default_options()) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    world_.script = {};
    world_.run_until_quiet();
  }

 private:
  void step() {
    shuffle_engines();
    switch (random_.below(12)) {
      case 0:
        world_.speech(static_cast<int>(100 + random_.below(900)));
        break;
      case 1:
        world_.silence(static_cast<int>(100 + random_.below(900)));
        break;
      case 2:
        world_.client(protocol::ResponseCreate{});
        break;
      case 3:
        world_.client(protocol::ResponseCancel{});
        break;
      case 4:
        world_.client(protocol::InputAudioBufferCommit{});
        break;
      case 5:
        world_.client(protocol::InputAudioBufferClear{});
        break;
      case 6:
        world_.client(protocol::ConversationItemTruncate{some_item(), 0,
                                                         static_cast<int>(random_.below(3000))});
        break;
      case 7:
        world_.client(protocol::ConversationItemDelete{some_item()});
        break;
      case 8:
        world_.client(protocol::ConversationItemRetrieve{some_item()});
        break;
      case 9:
        update();
        break;
      case 10:
        beside();
        break;
      default:
        world_.run_for(base::Milliseconds(random_.below(1500)));
        break;
    }
  }
  void shuffle_engines() {
    auto& script = world_.script;
    script.hearing_fails = random_.below(8) == 0;
    script.voice_fails = random_.below(10) == 0;
    script.word_times = random_.below(2) == 0;
    script.clause_ms = static_cast<int>(random_.below(3) * 700);
    script.word_takes = base::Milliseconds(random_.below(200));
    script.hearing_takes = base::Milliseconds(random_.below(2000));
    script.answers = {engine::LlmText{"Well, this is one sentence. This is"}};
    if (random_.below(3) == 0) {
      script.answers.emplace_back(engine::LlmToolCallBegin{{}, "tool"});
      script.answers.emplace_back(engine::LlmToolCallArguments{"{}"});
    }
    script.answers.emplace_back(engine::LlmText{" another."});
    if (random_.below(6) == 0) {
      script.answers.emplace_back(engine::Failure{"server_error", "gone"});
    } else {
      script.answers.emplace_back(engine::LlmDone{});
    }
  }
  std::string some_item() {
    const auto items = world_.all<protocol::ItemAdded>();
    if (items.empty() || random_.below(5) == 0) return "item_nowhere";
    return items[random_.below(items.size())].item.id;
  }
  void update() {
    protocol::SessionUpdate update;
    protocol::TurnDetection detection;
    detection.interrupt_response = random_.below(2) == 0;
    detection.create_response = random_.below(2) == 0;
    if (random_.below(4) == 0) detection.idle_timeout_ms = 5000;
    update.session.turn_detection = std::optional(detection);
    if (random_.below(3) == 0)
      update.session.turn_detection = std::optional<protocol::TurnDetection>();
    if (random_.below(4) == 0) {
      update.session.input_format = base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
    }
    if (random_.below(4) == 0) update.session.input_format = base::AudioFormat{};
    if (random_.below(3) == 0) update.session.transcription = protocol::Transcription{"m", {}, {}};
    if (random_.below(3) == 0)
      update.session.noise_reduction = protocol::NoiseReduction::near_field;
    world_.client(update);
  }
  void beside() {
    protocol::ResponseCreate request;
    request.out_of_band = true;
    request.input.emplace();
    request.input->push_back({some_item(), {}});
    world_.client(request);
  }

  base::Random random_;
  World world_;
};

TEST_CASE("random conversations break nothing") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    REQUIRE_NOTHROW(chaos.run(60));
  }
}

}  // namespace
}  // namespace parley::tests
