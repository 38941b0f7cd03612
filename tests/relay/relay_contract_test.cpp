// SPDX-License-Identifier: MIT
// Sessions relayed to the fakes of OpenAI's and Azure's realtime APIs: conversations in every pair
// of dialects, and what both sides see of each other.
#include <doctest/doctest.h>

#include "audio/base64.h"
#include "tests/providers/remote/fakes.h"
#include "tests/relay/relay_bench.h"

namespace parley::tests {
namespace {

using nlohmann::json;

using Pair = RelayPair;

constexpr int kBytesPerMs = 48;  // 24 kHz, 16 bit

json update(const Pair& pair, const json& ga, const json& in_beta) {
  return {{"type", "session.update"}, {"session", beta(pair) ? in_beta : ga}};
}

json user_text(const std::string& text) {
  return {{"type", "conversation.item.create"},
          {"item",
           {{"type", "message"},
            {"role", "user"},
            {"content", json::array({{{"type", "input_text"}, {"text", text}}})}}}};
}

json append(int ms, bool loud) {
  std::vector<std::uint8_t> pcm(static_cast<std::size_t>(ms * kBytesPerMs));
  for (std::size_t i = 1; loud && i < pcm.size(); i += 2) pcm[i] = i / 48 % 2 == 0 ? 0x20 : 0xe0;
  std::string base64;
  audio::base64_encode(pcm, base64);
  return {{"type", "input_audio_buffer.append"}, {"audio", base64}};
}

std::string joined(const std::vector<json>& events, const std::string& type) {
  std::string text;
  for (const json& event : events) {
    if (event["type"] == type) text += event["delta"].get<std::string>();
  }
  return text;
}

int count(const std::vector<json>& events, const std::string& type) {
  return static_cast<int>(std::count_if(events.begin(), events.end(),
                                        [&](const json& each) { return each["type"] == type; }));
}

void text_only(RelayClient& client, const Pair& pair) {
  client.say(update(pair, {{"type", "realtime"}, {"output_modalities", {"text"}}},
                    {{"modalities", {"text"}}}));
}

}  // namespace

TEST_CASE("a text turn in every pair of dialects") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake, {{"text", "Hello over there."}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    text_only(client, pair);
    client.say(user_text("Hello?"));
    client.say({{"type", "response.create"}});
    const auto events = client.until("response.done");
    CHECK(events.front()["type"] == "session.created");
    CHECK(events.front()["session"]["model"] == "our-model");
    CHECK(count(events, "session.updated") == 1);
    CHECK(count(events, "conversation.item.added") == (beta(pair) ? 0 : 2));
    CHECK(count(events, "conversation.item.done") == (beta(pair) ? 0 : 2));
    CHECK(count(events, "conversation.item.created") == (beta(pair) ? 2 : 0));
    CHECK(joined(events, named(pair, "response.output_text.delta", "response.text.delta")) ==
          "Hello over there.");
    const json& response = events.back()["response"];
    CHECK(response["status"] == "completed");
    CHECK(response["output"][0]["content"][0]["type"] == named(pair, "output_text", "text"));
    CHECK(response.contains(named(pair, "output_modalities", "modalities")));
    client.leave();
    const ClosedRelay closed = bench.closed();
    CHECK(closed.detail.empty());
    CHECK(closed.counters.responses == 1);
    CHECK(closed.counters.output_tokens == 26);
    CHECK(closed.counters.client_events == 3);
    CHECK(closed.counters.connect_time.has_value());
    fakes.wait(pair.fake, "ended");
    fakes.wait("*", "no_sockets");
  }
}

TEST_CASE("a spoken turn in every pair of dialects") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake, {{"text", "I hear you."}, {"transcript", "can you hear me"}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say(update(pair,
                      {{"type", "realtime"},
                       {"audio", {{"input", {{"transcription", {{"model", "whisper-1"}}}}}}}},
                      {{"input_audio_transcription", {{"model", "whisper-1"}}}}));
    for (int i = 0; i < 5; ++i) client.say(append(100, true));
    for (int i = 0; i < 5; ++i) client.say(append(100, false));
    const auto events = client.until("response.done");
    CHECK(count(events, "input_audio_buffer.speech_started") == 1);
    CHECK(count(events, "input_audio_buffer.committed") == 1);
    CHECK(count(events, "conversation.item.input_audio_transcription.completed") == 1);
    CHECK(joined(events, named(pair, "response.output_audio_transcript.delta",
                               "response.audio_transcript.delta")) == "I hear you.");
    std::string base64;
    std::vector<std::uint8_t> audio;
    for (const json& event : events) {
      if (event["type"] != named(pair, "response.output_audio.delta", "response.audio.delta")) {
        continue;
      }
      REQUIRE(audio::base64_decode(event["delta"].get<std::string>(), audio));
    }
    CHECK(audio.size() > 100U * kBytesPerMs);
    CHECK(events.back()["response"]["output"][0]["content"][0]["type"] ==
          named(pair, "output_audio", "audio"));
    client.leave();
    const auto counters = bench.closed().counters;
    CHECK(counters.input_audio_bytes == 1000 * kBytesPerMs);
    CHECK(counters.output_audio_bytes >= static_cast<std::int64_t>(audio.size()));
    CHECK(fakes.wait(pair.fake, "ended")[0]["audio"]["bytes"] == 1000 * kBytesPerMs);
  }
}

TEST_CASE("a tool is called, and its result answered, in every pair of dialects") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    const json call = {{"name", "weather"}, {"arguments", {{"city", "Rome"}}}, {"id", "call_1"}};
    fakes.script(pair.fake, {{"tool_calls", json::array({call})}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    text_only(client, pair);
    client.say(user_text("Weather?"));
    client.say({{"type", "response.create"}});
    const auto events = client.until("response.done");
    const auto done = std::find_if(events.begin(), events.end(), [](const json& each) {
      return each["type"] == "response.function_call_arguments.done";
    });
    REQUIRE(done != events.end());
    CHECK((*done)["name"] == "weather");
    CHECK(json::parse((*done)["arguments"].get<std::string>()) == json{{"city", "Rome"}});
    CHECK(events.back()["response"]["output"][0]["type"] == "function_call");
    fakes.script(pair.fake, {{"text", "Sunny."}});
    client.say(
        {{"type", "conversation.item.create"},
         {"item", {{"type", "function_call_output"}, {"call_id", "call_1"}, {"output", "sun"}}}});
    client.say({{"type", "response.create"}});
    CHECK(client.await("response.done")["response"]["status"] == "completed");
  }
}

TEST_CASE("a cancel reaches the upstream, in every pair of dialects") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake,
                 {{"text", "One two three four five six seven eight nine ten eleven twelve."},
                  {"between_ms", 40}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say(user_text("Count."));
    client.say({{"type", "response.create"}});
    client.await(named(pair, "response.output_audio.delta", "response.audio.delta"));
    client.say({{"type", "response.cancel"}});
    const json done = client.await("response.done");
    CHECK(done["response"]["status"] == "cancelled");
    CHECK(fakes.wait(pair.fake, "stopped").size() == 1);
    client.say({{"type", "response.cancel"}});
    CHECK(client.await("error")["error"]["code"] == "response_cancel_not_active");
  }
}

TEST_CASE("settings take effect upstream, in every pair of dialects") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say(update(pair,
                      {{"type", "realtime"},
                       {"model", "our-model"},
                       {"audio",
                        {{"output", {{"voice", "echo"}, {"format", {{"type", "audio/pcmu"}}}}},
                         {"input", {{"turn_detection", nullptr}}}}}},
                      {{"model", "our-model"},
                       {"voice", "echo"},
                       {"output_audio_format", "g711_ulaw"},
                       {"turn_detection", nullptr}}));
    const json session = client.await("session.updated")["session"];
    CHECK(session["model"] == "our-model");
    if (beta(pair)) {
      CHECK(session["voice"] == "echo");
      CHECK(session["output_audio_format"] == "g711_ulaw");
      CHECK(session["turn_detection"].is_null());
    } else {
      CHECK(session["audio"]["output"]["voice"] == "echo");
      CHECK(session["audio"]["output"]["format"]["type"] == "audio/pcmu");
      CHECK(session["audio"]["input"]["turn_detection"].is_null());
    }
    const json record = fakes.requests(pair.fake).at(0);
    CHECK(record.dump().find("our-model") == std::string::npos);
  }
}

TEST_CASE("neither side sees the other's key") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    // An upstream that lets its key slip.
    fakes.script(pair.fake, {{"text", "My key is test-key."}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    text_only(client, pair);
    client.say({{"type", "response.create"}});
    client.await("response.done");
    CHECK(client.heard().find("test-key") == std::string::npos);
    const json record = fakes.requests(pair.fake).at(0);
    CHECK(record["authorized"] == true);
    CHECK(record.dump().find("client-token") == std::string::npos);
  }
}

TEST_CASE("what a client says before the upstream is there is said to it then") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.fault(pair.fake, "stall_headers", {{"for_ms", 100}});
    fakes.script(pair.fake, {{"text", "Here now."}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    text_only(client, pair);
    client.say(user_text("Anyone?"));
    client.say({{"type", "response.create"}});
    const auto events = client.until("response.done");
    CHECK(events.front()["type"] == "session.created");
    CHECK(events.back()["response"]["status"] == "completed");
  }
}

TEST_CASE("an event that nobody knows yet is passed on") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake, {{"unknown_events", true}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    CHECK(client.await("session.weather")["sunny"] == true);
  }
}

TEST_CASE("a client that leaves takes its upstream along") {
  for (const Pair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake, {{"text", "A long, long story that nobody will hear the end of."},
                             {"between_ms", 30}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say({{"type", "response.create"}});
    client.await("response.created");
    client.leave();
    CHECK(fakes.wait(pair.fake, "closed_by_client").size() == 1);
    fakes.wait("*", "no_sockets");
    CHECK(bench.closed().detail.empty());
  }
}

TEST_CASE("frames that are no events are refused, and the session goes on") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  RelayClient client = bench.client();
  client.await("session.created");
  client.say_text("{\"type\":");
  CHECK(client.await("error")["error"]["code"] == "invalid_json");
  client.say_text(R"([1,2])");
  CHECK(client.await("error")["error"]["code"] == "invalid_event");
  client.say_text(R"({"event_id":"mine"})");
  CHECK(client.await("error")["error"]["event_id"] == "mine");
  client.say_binary("sound");
  CHECK(client.await("error")["error"]["code"] == "invalid_event");
  const std::string much(21U << 20U, 'A');
  client.say({{"type", "input_audio_buffer.append"}, {"event_id", "big"}, {"audio", much}});
  CHECK(client.await("error")["error"]["code"] == "string_above_max_length");
  client.say({{"type", "input_audio_buffer.clear"}});
  client.await("input_audio_buffer.cleared");
  CHECK(fakes.requests("openai.realtime").at(0)["messages_seen"] == 1);
}

TEST_CASE("what passes can be recorded as the client saw it") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[1]);
  net::test::Mailbox<std::string> recorded;
  bench.setup.on_frame = [&](bool from_client, std::string_view frame) {
    recorded.put((from_client ? "> " : "< ") + std::string(frame));
  };
  RelayClient client = bench.client();
  client.await("session.created");
  client.say({{"type", "input_audio_buffer.clear"}});
  client.await("input_audio_buffer.cleared");
  CHECK(recorded.take().find("< ") == 0);
  CHECK(recorded.take() == R"(> {"type":"input_audio_buffer.clear"})");
  CHECK(recorded.take().find("input_audio_buffer.cleared") != std::string::npos);
}

}  // namespace parley::tests
