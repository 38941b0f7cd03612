// SPDX-License-Identifier: MIT
#include "tests/protocol/support.h"

namespace parley::protocol {
namespace {

template <class F>
ConversationItemCreate create(F accepted_by, std::string_view item) {
  const auto event =
      accepted_by(R"({"type":"conversation.item.create","item":)" + std::string(item) + "}");
  return std::get<ConversationItemCreate>(event.body);
}

Item item_ga(std::string_view item) { return create(accepted_ga, item).item; }
Item item_beta(std::string_view item) { return create(accepted_beta, item).item; }

}  // namespace

TEST_CASE("a user message may hold text, audio and images") {
  const Item item = item_ga(R"({"id":"item_1","object":"realtime.item","type":"message",
    "status":"incomplete","role":"user","content":[{"type":"input_text","text":"Hi"},
    {"type":"input_audio","audio":"AAAA","transcript":null},
    {"type":"input_audio","audio":"","transcript":"Hi"},
    {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"low"}]})");
  CHECK(item.id == "item_1");
  CHECK(item.type == ItemType::message);
  CHECK(item.status == ItemStatus::incomplete);
  CHECK(item.role == Role::user);
  REQUIRE(item.content.size() == 4);
  CHECK(item.content[0].type == PartType::input_text);
  CHECK(item.content[0].text == "Hi");
  CHECK(item.content[1].type == PartType::input_audio);
  CHECK(item.content[1].audio_base64 == "AAAA");
  CHECK_FALSE(item.content[1].transcript.has_value());
  CHECK(item.content[2].transcript == "Hi");
  CHECK(item.content[3].image_url == "data:image/png;base64,AAAA");
  CHECK(item.content[3].detail == "low");
}

TEST_CASE("an item of few words is complete and has no id yet") {
  const Item item = item_ga(R"({"type":"message","role":"system","content":[]})");
  CHECK(item.id.empty());
  CHECK(item.status == ItemStatus::completed);
  CHECK(item.role == Role::system);
  CHECK(item.content.empty());
}

TEST_CASE("the assistant's history is output_text in GA and text in beta") {
  const Item ga = item_ga(
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]})");
  const Item beta =
      item_beta(R"({"type":"message","role":"assistant","content":[{"type":"text","text":"Hi"}]})");
  for (const Item* item : {&ga, &beta}) {
    CHECK(item->role == Role::assistant);
    REQUIRE(item->content.size() == 1);
    CHECK(item->content[0].type == PartType::text);
    CHECK(item->content[0].text == "Hi");
  }
}

TEST_CASE("function calls and their outputs") {
  const Item call = item_ga(
      R"({"type":"function_call","call_id":"call_1","name":"f","arguments":"{}","id":"i"})");
  CHECK(call.type == ItemType::function_call);
  CHECK(call.call_id == "call_1");
  CHECK(call.name == "f");
  CHECK(call.arguments == "{}");
  CHECK(item_ga(R"({"type":"function_call","name":"f","arguments":""})").call_id.empty());

  const Item output =
      item_beta(R"({"type":"function_call_output","call_id":"call_1","output":"21"})");
  CHECK(output.type == ItemType::function_call_output);
  CHECK(output.call_id == "call_1");
  CHECK(output.output == "21");
}

TEST_CASE("ids of exactly 32 characters are taken, counted in characters") {
  const std::string id = "0123456789012345678901234567890\xC3\xA9";
  CHECK(item_ga(R"({"type":"message","role":"user","content":[],"id":")" + id + "\"}").id == id);
}

TEST_CASE("where an item goes: appended, first, or behind another") {
  const auto previous = [](std::string_view text) {
    const auto event = accepted_ga(R"({"type":"conversation.item.create","previous_item_id":)" +
                                   std::string(text) +
                                   R"(,"item":{"type":"message","role":"user","content":[]}})");
    return std::get<ConversationItemCreate>(event.body).previous_item_id;
  };
  CHECK(previous("null") == std::nullopt);
  CHECK(previous("\"root\"") == "root");
  CHECK(previous("\"item_1\"") == "item_1");
}

}  // namespace parley::protocol
