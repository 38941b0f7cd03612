// SPDX-License-Identifier: MIT
#include "relay/history.h"

#include <doctest/doctest.h>

#include <string>

namespace parley::relay {
namespace {

using protocol::json::Flavour;

Value parsed(const std::string& text) { return *protocol::json::parse(text); }

std::string item(const std::string& id, const std::string& rest) {
  return R"({"type":"conversation.item.added","item":{"id":")" + id + "\"," + rest + "}}";
}

std::string user(const std::string& id, const std::string& text) {
  return item(id, R"("type":"message","role":"user","content":[{"type":"input_text","text":")" +
                      text + R"("}])");
}

// What would be told again, in short: the items' ids.
std::string ids(History& history) {
  std::string out;
  for (const Value& event : history.replay()) {
    if (const Value* found = protocol::json::find(event, "item")) out += text_at(*found, "id");
  }
  return out;
}

}  // namespace

TEST_CASE("a history that holds nothing is not told") {
  History history(Flavour::ga);
  CHECK(history.replay().empty());
  CHECK_FALSE(history.hides(parsed(R"({"type":"session.updated"})")));
  CHECK_FALSE(history.hides(parsed(user("a", "Hi."))));
}

TEST_CASE("items keep their places, and deleted ones are gone") {
  History history(Flavour::ga);
  history.server_said(parsed(user("a", "1")));
  history.server_said(parsed(user("c", "3")));
  Value between = parsed(user("b", "2"));
  set(between, "previous_item_id", text_value("a"));
  history.server_said(between);
  CHECK(ids(history) == "abc");
  history.server_said(parsed(R"({"type":"conversation.item.deleted","item_id":"a"})"));
  CHECK(ids(history) == "bc");
  history.server_said(parsed(R"({"type":"conversation.item.truncated","item_id":"c"})"));
  CHECK(ids(history) == "b");
}

TEST_CASE("calls are told with their results, and what was cut short is not") {
  History history(Flavour::ga);
  history.server_said(parsed(
      item("call",
           R"("type":"function_call","call_id":"c1","name":"now","arguments":"{}","status":"x")")));
  history.server_said(
      parsed(item("half", R"("type":"function_call","call_id":"c2","name":"now","arguments":"")")));
  history.server_said(
      parsed(item("result", R"("type":"function_call_output","call_id":"c1","output":"noon")")));
  history.server_said(parsed(item("empty", R"("type":"message","role":"assistant","content":[])")));
  const auto events = history.replay();
  REQUIRE(events.size() == 2);
  CHECK(to_text(events[0]) ==
        R"({"type":"conversation.item.create","event_id":"relay_0","item":{"call_id":"c1",)"
        R"("name":"now","arguments":"{}","id":"call","type":"function_call"}})");
  CHECK(text_at(*protocol::json::find(events[1], "item"), "output") == "noon");
}

TEST_CASE("a beta client's assistant speaks text in the beta's words") {
  History history(Flavour::beta);
  history.server_said(parsed(
      R"({"type":"response.output_item.done","item":{"id":"a","type":"message","role":"assistant",)"
      R"("content":[{"type":"audio","transcript":"Hello."}]}})"));
  const auto events = history.replay();
  REQUIRE(events.size() == 1);
  CHECK(to_text(events[0]).find(R"([{"type":"text","text":"Hello."}])") != std::string::npos);
}

TEST_CASE("an update that was not answered yet is told as it was, and its answer is the client's") {
  History history(Flavour::ga);
  history.client_said(parsed(R"({"type":"session.update","session":{"instructions":"a"}})"));
  history.server_said(parsed(R"({"type":"session.updated"})"));
  const std::string waiting = R"({"type":"session.update","session":{"instructions":"b"}})";
  history.client_said(parsed(waiting));
  const auto events = history.replay();
  REQUIRE(events.size() == 2);
  CHECK(to_text(events[1]) == waiting);
  CHECK(history.hides(parsed(R"({"type":"session.updated"})")));
  CHECK_FALSE(history.hides(parsed(R"({"type":"session.updated"})")));
}

TEST_CASE("a history is bounded: the oldest items go") {
  History history(Flavour::ga);
  for (int i = 0; i < 1000; ++i) history.server_said(parsed(user(std::to_string(i), "x")));
  CHECK(history.replay().size() == 256);
  const std::string big(1U << 20U, 'x');
  for (int i = 0; i < 10; ++i) history.server_said(parsed(user("b" + std::to_string(i), big)));
  CHECK(ids(history) == "b7b8b9");
}

}  // namespace parley::relay
