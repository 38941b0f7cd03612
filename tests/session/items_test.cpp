// SPDX-License-Identifier: MIT
// Conversation items and the session's own settings.
#include <doctest/doctest.h>

#include "audio/base64.h"
#include "audio/codec.h"
#include "tests/session/world.h"

namespace parley::tests {
namespace {

protocol::ConversationItemCreate text_item(std::string id, std::optional<std::string> after = {}) {
  protocol::ConversationItemCreate create;
  create.previous_item_id = std::move(after);
  create.item.id = std::move(id);
  create.item.content.push_back({protocol::PartType::input_text, "hello", {}, {}, {}, {}});
  return create;
}

TEST_CASE("items stand where they were put") {
  World world;
  world.client(text_item("second"));
  CHECK_FALSE(world.last<protocol::ItemAdded>().previous_item_id);
  world.client(text_item("first", "root"));
  CHECK_FALSE(world.last<protocol::ItemAdded>().previous_item_id);
  world.client(text_item("third", "second"));
  CHECK(world.last<protocol::ItemAdded>().previous_item_id == "second");
  world.client(text_item("last"));
  CHECK(world.last<protocol::ItemAdded>().previous_item_id == "third");
  world.client(text_item({}));
  CHECK(world.last<protocol::ItemAdded>().item.id.size() == 26);  // item_ and 21 characters
}

TEST_CASE("unknown and duplicate ids are refused and change nothing") {
  World world;
  world.client(text_item("one"));
  world.client(text_item("one"), "e1");
  CHECK(world.last_error().param == "item.id");
  CHECK(world.last_error().event_id == "e1");
  world.client(text_item("two", "nowhere"), "e2");
  CHECK(world.last_error().param == "previous_item_id");
  world.client(protocol::ConversationItemDelete{"nowhere"}, "e3");
  CHECK(world.last_error().code == "item_delete_invalid_item_id");
  CHECK(world.last_error().message ==
        "Error deleting item: the item with id 'nowhere' does not exist.");
  world.client(protocol::ConversationItemRetrieve{"nowhere"}, "e4");
  CHECK(world.last_error().code == "item_retrieve_invalid_item_id");
  CHECK(world.all<protocol::ItemAdded>().size() == 1);

  world.client(protocol::ConversationItemDelete{"one"});
  CHECK(world.all<protocol::ItemDeleted>().size() == 1);
  world.client(text_item("one"));  // the id is free again
  CHECK(world.all<protocol::ItemAdded>().size() == 2);
}

TEST_CASE("an item may be deleted while it is being said") {
  Script script;
  script.clause_ms = 1000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(300));
  world.client(protocol::ConversationItemDelete{world.last<protocol::ItemAdded>().item.id});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.status ==
        protocol::ResponseStatus::completed);
  CHECK(world.all<protocol::ItemDone>().empty());
}

TEST_CASE("a client's audio item is heard like spoken audio") {
  World world;
  std::vector<std::uint8_t> bytes;
  audio::encode(base::AudioEncoding::pcm16, std::vector<std::int16_t>(24000, 500), bytes);
  protocol::ConversationItemCreate create;
  create.item.content.push_back({protocol::PartType::input_audio, {}, {}, {}, {}, {}});
  audio::base64_encode(bytes, create.item.content[0].audio_base64);
  world.client(create);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(std::get<engine::Utterance>(world.asked.at(0).history.at(0)).text == "hello");

  create.item.content[0].audio_base64 = "AAAA";  // three bytes: a sample and a half
  world.client(create, "a1");
  CHECK(world.last_error().param == "item.content[0].audio");
}

TEST_CASE("no item is called as the place before all items") {
  World world;
  world.client(text_item("root"), "r1");
  CHECK(world.last_error().param == "item.id");
  CHECK(world.last_error().event_id == "r1");
  CHECK(world.all<protocol::ItemAdded>().empty());
}

TEST_CASE("items beyond the maximum push out the oldest") {
  session::Options options = World::default_options();
  options.items_max = 2;
  World world(options);
  for (const char* id : {"item_1", "item_2", "item_3"}) {
    world.client(text_item(id));
  }
  CHECK(world.all<protocol::ItemAdded>().size() == 3);
  REQUIRE(world.all<protocol::ItemDeleted>().size() == 1);
  CHECK(world.all<protocol::ItemDeleted>().front().item_id == "item_1");
  CHECK(world.last<protocol::ItemAdded>().previous_item_id == "item_2");
  world.client(protocol::ConversationItemRetrieve{"item_1"}, "gone");
  CHECK(world.last_error().code == "item_retrieve_invalid_item_id");
}

TEST_CASE("turns and answers never end because the conversation is full") {
  session::Options options = World::spoken_options();
  options.items_max = 3;
  World world(options);
  for (int turn = 0; turn < 5; ++turn) {
    world.speech(600);
    world.silence(600);
    world.run_until_quiet();
  }
  CHECK(world.all<protocol::ResponseDone>().size() == 5);
  for (const auto& done : world.all<protocol::ResponseDone>()) {
    CHECK(done.response.status == protocol::ResponseStatus::completed);
  }
  CHECK(world.all<protocol::ItemAdded>().size() == 10);
  CHECK(world.all<protocol::ItemDeleted>().size() == 7);
}

TEST_CASE("the sound of items beyond the maximum of bytes pushes out the oldest") {
  session::Options options = World::default_options();
  options.items_bytes_max = 100'000;  // two seconds of 24 kHz are 96,000
  World world(options);
  protocol::SessionUpdate by_hand;
  by_hand.session.turn_detection = std::optional<protocol::TurnDetection>();
  world.client(by_hand);
  for (int turn = 0; turn < 4; ++turn) {
    world.speech(900);
    world.client(protocol::InputAudioBufferCommit{});
    world.run_until_quiet();
  }
  CHECK(world.all<protocol::ItemAdded>().size() == 4);
  CHECK(world.all<protocol::ItemDeleted>().size() == 2);
}

TEST_CASE("session.update changes what it names and nothing else") {
  World world;
  protocol::SessionUpdate update;
  update.session.instructions = "Be kind.";
  world.client(update);
  update = {};
  update.session.speed = 1.2;
  world.client(update);
  const auto config = world.last<protocol::SessionUpdated>().config;
  CHECK(config.instructions == "Be kind.");
  CHECK(config.speed == doctest::Approx(1.2));
  CHECK(config.turn_detection == protocol::TurnDetection{});
}

TEST_CASE("the other session type is refused") {
  World world;
  protocol::SessionUpdate update;
  update.session.type = protocol::SessionType::transcription;
  world.client(update, "u1");
  CHECK(world.last_error().message ==
        "Passing a transcription session update to a realtime session is not allowed.");
  CHECK(world.all<protocol::SessionUpdated>().empty());
}

TEST_CASE("a transcription session hears and never answers") {
  session::Options options = World::default_options();
  options.defaults.type = protocol::SessionType::transcription;
  options.defaults.transcription = protocol::Transcription{"whisper-1", {}, {}};
  World world(options);
  world.speech(600);
  world.silence(600);
  world.run_for(std::chrono::seconds(1));
  CHECK(world.last<protocol::TranscriptionCompleted>().transcript == "hello");
  CHECK(world.asked.empty());
  world.client(protocol::ResponseCreate{}, "r1");
  CHECK(world.last_error().param == "type");
  CHECK(world.all<protocol::ResponseCreated>().empty());
}

TEST_CASE("the voice is fixed once it was heard; naming the same again is fine") {
  World world(World::spoken_options());
  protocol::SessionUpdate update;
  update.session.voice = "echo";
  world.client(update);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  update.session.voice = "alloy";
  world.client(update, "v1");
  CHECK(world.last_error().code == "cannot_update_voice");
  CHECK_FALSE(world.last_error().param);
  update.session.voice = "echo";
  world.client(update);
  CHECK(world.all<protocol::SessionUpdated>().size() == 2);
}

TEST_CASE("the same inputs and seed give the same events") {
  const auto ids = [](std::uint64_t seed) {
    session::Options options = World::default_options();
    options.seed = seed;
    World world(options);
    world.speech(600);
    world.silence(600);
    world.run_until_quiet();
    std::string all;
    for (const auto& heard : world.events) all += heard.event.event_id;
    return all;
  };
  CHECK(ids(1) == ids(1));
  CHECK(ids(1) != ids(2));
}

}  // namespace
}  // namespace parley::tests
