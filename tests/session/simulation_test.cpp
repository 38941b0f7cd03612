// SPDX-License-Identifier: MIT
// Random conversations in virtual time: users who interrupt, clients that ask for nonsense, engines
// that are slow, stall, fail, answer too early or after they were cancelled, and say odd things.
// Whatever happens, the protocol's invariants hold (the world checks its whole record), no
// invariant of ours breaks, every response ends, and the items are those that a client would have
// rebuilt from the events. A failure names its seed.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

session::Options options_for(base::Random& random) {
  session::Options options =
      random.below(3) == 0 ? World::default_options() : World::spoken_options();
  options.seed = random.next();
  options.items_max = random.below(4) == 0 ? 8 : 4096;
  options.responses_max = 2;
  if (random.below(4) == 0) options.items_bytes_max = 150'000;
  if (random.below(4) == 0) options.sound_bytes_max = 60'000;
  if (random.below(4) == 0) options.input_audio_max = std::chrono::seconds(3);
  options.output_lead = base::Milliseconds(100 + 300 * random.below(3));
  return options;
}

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed), world_(options_for(random_)) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      shuffle_engines();
      step();
    }
    come_to_rest();
    compare_items();
  }

 private:
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  int up_to(int n) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(n))); }

  void step() {
    world_.real_time = !one_in(4);
    world_.frame_ms = one_in(3) ? 1 + up_to(300) : 20;
    switch (random_.below(16)) {
      case 0:
      case 1:
        return world_.speech(100 + up_to(900));
      case 2:
        return world_.silence(100 + up_to(900));
      case 3:
        return world_.run_for(base::Milliseconds(up_to(1500)));
      case 4:
        return world_.client(protocol::ResponseCreate{}, "rc");
      case 5:
        return cancel();
      case 6:
        return world_.client(protocol::InputAudioBufferCommit{}, "co");
      case 7:
        return world_.client(protocol::InputAudioBufferClear{}, "cl");
      case 8:
        return world_.client(protocol::ConversationItemTruncate{some_item(), up_to(2), up_to(3000)},
                             "tr");
      case 9:
        return world_.client(protocol::ConversationItemDelete{some_item()}, "de");
      case 10:
        return world_.client(protocol::ConversationItemRetrieve{some_item()}, "re");
      case 11:
        return update();
      case 12:
        return create_item();
      case 13:
        return respond_to_input();
      case 14:
        return engine_out_of_turn();
      default:
        return nonsense();
    }
  }

  void shuffle_engines() {
    auto& script = world_.script;
    script.hearing_fails = one_in(8);
    script.hearing_stalls = one_in(12);
    script.model_stalls = one_in(12);
    script.voice_fails = one_in(10);
    script.voice_stalls = one_in(12);
    script.ignores_cancel = one_in(4);
    script.word_times = one_in(2);
    script.clause_ms = up_to(3) * 700;
    script.word_takes = base::Milliseconds(up_to(200));
    script.hearing_takes = base::Milliseconds(up_to(2000));
    script.voice_takes = base::Milliseconds(one_in(4) ? up_to(1500) : 3);
    script.answers.clear();
    for (int i = up_to(5); i >= 0; --i) script.answers.push_back(something_said());
    if (one_in(8)) {
      script.answers.emplace_back(engine::Failure{"server_error", "gone"});
    } else {
      script.answers.emplace_back(
          engine::LlmDone{one_in(6) ? engine::LlmFinish::length : engine::LlmFinish::stop, {}, {}});
    }
  }
  engine::LlmEvent something_said() {
    switch (random_.below(8)) {
      case 0:
        return engine::LlmToolCallBegin{{}, "tool"};
      case 1:
        return engine::LlmToolCallBegin{one_in(2) ? "call_again" : std::string(40, 'x'), "tool"};
      case 2:
        return engine::LlmToolCallArguments{"{}"};
      case 3:
        return engine::LlmText{one_in(2) ? "\n" : ""};
      case 4:
        return engine::LlmText{"\u4f60\u597d\u3002"};
      default:
        return engine::LlmText{"Well, this is one sentence. This is another"};
    }
  }

  std::string some_item() {
    if (items_.empty() || one_in(5)) return one_in(2) ? "item_nowhere" : "mine_3";
    return items_[random_.below(items_.size())];
  }
  void cancel() {
    protocol::ResponseCancel cancel;
    const auto created = world_.all<protocol::ResponseCreated>();
    if (one_in(3)) cancel.response_id = "resp_nowhere";
    if (one_in(2) && !created.empty()) cancel.response_id = created.back().response.id;
    world_.client(cancel, "ca");
  }
  void update() {
    protocol::SessionUpdate update;
    protocol::TurnDetection detection;
    detection.interrupt_response = one_in(2);
    detection.create_response = one_in(2);
    detection.prefix_padding_ms = one_in(4) ? 20'000 : up_to(500);
    detection.silence_duration_ms = up_to(800);
    if (one_in(3)) detection.idle_timeout_ms = 5000;
    update.session.turn_detection = std::optional(detection);
    if (one_in(3)) update.session.turn_detection = std::optional<protocol::TurnDetection>();
    if (one_in(3)) update.session.input_format = some_format();
    if (one_in(4)) update.session.output_format = some_format();
    if (one_in(3)) update.session.transcription = protocol::Transcription{"m", {}, {}};
    if (one_in(3)) update.session.noise_reduction = protocol::NoiseReduction::near_field;
    if (one_in(6)) update.session.noise_reduction = std::optional<protocol::NoiseReduction>();
    if (one_in(5)) {
      update.session.output_modality =
          one_in(2) ? protocol::Modality::text : protocol::Modality::audio;
    }
    if (one_in(8)) update.session.voice = one_in(2) ? "echo" : "alloy";
    if (one_in(12)) update.session.type = protocol::SessionType::transcription;
    world_.client(update, "up");
  }
  base::AudioFormat some_format() {
    static constexpr int kRates[] = {8000, 16000, 24000, 48000};
    if (one_in(3)) return {base::AudioEncoding::g711_ulaw, 8000};
    return {base::AudioEncoding::pcm16, kRates[random_.below(4)]};
  }
  void create_item() {
    protocol::ConversationItemCreate create;
    create.item = one_in(3) ? tool_output() : user_item();
    if (one_in(3)) create.item.id = "mine_" + std::to_string(up_to(6));
    if (one_in(3)) create.previous_item_id = one_in(2) ? "root" : some_item();
    world_.client(create, "ic");
    learn_items();
  }
  protocol::Item user_item() {
    protocol::Item item;
    protocol::ContentPart part;
    part.text = "hello";
    if (one_in(2)) {
      part = {};
      part.type = protocol::PartType::input_audio;
      part.audio_base64 = one_in(4) ? "AAAA" : std::string(std::size_t{8} * 1000, 'A');
    }
    item.content.push_back(std::move(part));
    return item;
  }
  protocol::Item tool_output() {
    protocol::Item item;
    item.type = protocol::ItemType::function_call_output;
    item.call_id = one_in(3) ? "call_nowhere" : "call_again";
    const auto calls = world_.all<protocol::FunctionCallArgumentsDone>();
    if (one_in(2) && !calls.empty()) item.call_id = calls.back().call_id;
    item.output = "42";
    return item;
  }
  void respond_to_input() {
    protocol::ResponseCreate request;
    request.out_of_band = !one_in(4);
    if (one_in(3)) request.output_format = some_format();
    if (one_in(4)) request.voice = "echo";
    request.input.emplace();
    for (int i = up_to(3); i > 0; --i) {
      request.input->push_back(one_in(3) ? protocol::ResponseInput{{}, user_item()}
                                         : protocol::ResponseInput{some_item(), {}});
    }
    world_.client(request, "ri");
  }
  // Events at times when no engine should send them, of jobs that run, ended or never were.
  void engine_out_of_turn() {
    const std::uint64_t stray = random_.below(3);
    switch (random_.below(7)) {
      case 0:
        return world_.stt_says(world_.last_stt - std::min(stray, world_.last_stt),
                               engine::SttPartial{"hel"});
      case 1:
        return world_.stt_says(world_.last_stt, engine::SttFinal{"early words"});
      case 2:
        return world_.stt_says(world_.last_stt, engine::Failure{"server_error", "gone"});
      case 3:
        return world_.llm_says(world_.last_llm, engine::LlmText{"And another thing. "});
      case 4:
        return world_.llm_says(world_.last_llm, engine::LlmDone{});
      case 5:
        return world_.tts_says(world_.last_tts, engine::TtsWords{{{-1, 500, -5, 100}, {}}});
      default:
        return world_.tts_says(world_.last_tts, engine::TtsAudio{{1, 2, 3}, one_in(4) ? 0 : 16000});
    }
  }
  void nonsense() {
    switch (random_.below(4)) {
      case 0:
        return world_.append_bytes(std::vector<std::uint8_t>(random_.below(5000)), "ap");
      case 1:
        return world_.client(protocol::OutputAudioBufferClear{}, "oc");
      case 2: {
        protocol::ErrorEvent error;
        error.code = "invalid_json";
        error.message = "not JSON";
        return world_.bad_frame(error);
      }
      default:
        return world_.client(protocol::ResponseCancel{}, "ca");
    }
  }

  void learn_items() {
    items_.clear();
    for (const auto& added : world_.all<protocol::ItemAdded>()) items_.push_back(added.item.id);
  }

  // Engines that stalled never answer: their responses are cancelled, as a client would.
  void come_to_rest() {
    world_.script = {};
    protocol::SessionUpdate update;
    update.session.turn_detection = std::optional<protocol::TurnDetection>();
    world_.client(update);
    world_.run_for(std::chrono::seconds(30));
    for (const auto& created : world_.all<protocol::ResponseCreated>()) {
      if (!ended(created.response.id)) {
        world_.client(protocol::ResponseCancel{created.response.id});
      }
    }
    for (const auto& created : world_.all<protocol::ResponseCreated>()) {
      CHECK(ended(created.response.id));
    }
  }
  bool ended(const std::string& id) const {
    const auto done = world_.all<protocol::ResponseDone>();
    return std::any_of(done.begin(), done.end(),
                       [&](const auto& event) { return event.response.id == id; });
  }

  // The conversation is what the events said: each item that was added and not deleted can be had,
  // no other can.
  void compare_items() {
    std::vector<std::string> standing;
    std::vector<std::string> gone;
    for (const auto& heard : world_.events) {
      if (const auto* added = std::get_if<protocol::ItemAdded>(&heard.event.body)) {
        standing.push_back(added->item.id);
        std::erase(gone, added->item.id);
      } else if (const auto* deleted = std::get_if<protocol::ItemDeleted>(&heard.event.body)) {
        gone.push_back(deleted->item_id);
        std::erase(standing, deleted->item_id);
      }
    }
    for (const auto& id : standing) {
      world_.client(protocol::ConversationItemRetrieve{id});
      const auto* retrieved =
          std::get_if<protocol::ItemRetrieved>(&world_.events.back().event.body);
      REQUIRE(retrieved != nullptr);
      CHECK(retrieved->item.id == id);
      CHECK(retrieved->item.status != protocol::ItemStatus::in_progress);
    }
    for (const auto& id : gone) {
      world_.client(protocol::ConversationItemRetrieve{id});
      CHECK(world_.last_error().code == "item_retrieve_invalid_item_id");
    }
  }

  base::Random random_;
  World world_;
  std::vector<std::string> items_;  // ids that were added at some time
};

TEST_CASE("random conversations break nothing") {
  for (std::uint64_t seed = 1; seed <= 160; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    REQUIRE_NOTHROW(chaos.run(100));
  }
}

}  // namespace
}  // namespace parley::tests
