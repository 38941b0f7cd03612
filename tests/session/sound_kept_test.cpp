// SPDX-License-Identifier: MIT
// A long conversation keeps the words of all items, but the sound only of the last ones.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

World& with_turns(World& world, int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    world.speech(600);
    world.silence(600);
    world.run_until_quiet();
  }
  return world;
}

const protocol::ContentPart& part_of(World& world, const std::string& item_id) {
  static protocol::Item item;
  world.client(protocol::ConversationItemRetrieve{item_id});
  item = world.last<protocol::ItemRetrieved>().item;
  return item.content.at(0);
}

session::Options keeping(std::size_t bytes) {
  auto options = World::spoken_options();
  options.sound_bytes_max = bytes;
  return options;
}

TEST_CASE("old items lose their sound and keep their words") {
  World world(keeping(100'000));
  with_turns(world, 4);
  const auto items = world.all<protocol::ItemAdded>();
  REQUIRE(items.size() == 8);
  CHECK(part_of(world, items[0].item.id).audio_base64.empty());
  CHECK(part_of(world, items[1].item.id).audio_base64.empty());
  CHECK(part_of(world, items[1].item.id).transcript == "Hello there.");
  CHECK_FALSE(part_of(world, items[7].item.id).audio_base64.empty());
  CHECK(std::get<engine::Utterance>(world.asked.back().history.at(0)).text == "hello");
  CHECK(world.all<protocol::ItemDeleted>().empty());
}

TEST_CASE("an item whose sound is gone can still be cut to what was heard") {
  World world(keeping(1));
  with_turns(world, 2);
  const auto answer = world.all<protocol::ItemAdded>().at(1).item.id;
  world.client(protocol::ConversationItemTruncate{answer, 0, 300});
  CHECK(world.last<protocol::ItemTruncated>().audio_end_ms == 300);
  CHECK(part_of(world, answer).transcript == "Hello");
  world.client(protocol::ConversationItemTruncate{answer, 0, 400}, "too_far");
  CHECK(world.last_error().message.find("300ms is already shorter") != std::string::npos);
}

TEST_CASE("a model that hears is given the words of a turn whose sound is gone") {
  auto options = keeping(1);
  options.model.hears = true;
  World world(options);
  with_turns(world, 2);
  const auto& said = std::get<engine::Utterance>(world.asked.at(1).history.at(0));
  CHECK(said.sound == nullptr);
  CHECK(said.text == "hello");
  CHECK(std::get<engine::Utterance>(world.asked.at(1).history.at(2)).sound != nullptr);
}

}  // namespace
}  // namespace parley::tests
