// SPDX-License-Identifier: MIT
// What passes through when one side cannot keep up, and who takes over when an upstream cannot
// begin. The upstream is in the hands of the test.
#include <doctest/doctest.h>

#include "tests/net/harness.h"
#include "tests/providers/remote/fakes.h"
#include "tests/relay/relay_bench.h"

namespace parley::tests {
namespace {

using net::test::on_loop;
using net::test::RecordedSocket;
using nlohmann::json;

constexpr std::size_t kPiece = 1U << 20U;
constexpr int kPieces = 64;  // far more than kernels keep

void pause(RecordedSocket& socket) {
  on_loop(socket.loop(), [&] { socket.socket().pause(); });
}
void resume(RecordedSocket& socket) {
  on_loop(socket.loop(), [&] { socket.socket().resume(); });
}
std::size_t queued(RecordedSocket& socket) {
  return on_loop(socket.loop(), [&] { return socket.socket().queued_bytes(); });
}

// A session through a relay, both ends of it in the hands of the test.
struct Flow {
  explicit Flow(base::Duration patience = std::chrono::seconds(25)) {
    bench.set_up(relay_pairs()[0], {{"base_url", "http://" + server.address() + "/record"}});
    bench.setup.slow_reader_time = patience;
    client.emplace(bench.client());
    upstream.emplace(server.handler.recorded.take());
    upstream->send_text(R"({"type":"session.created","event_id":"e","session":{}})");
    client->await("session.created");
  }

  net::test::TestServer server;
  RelayBench bench;
  std::optional<RelayClient> client;
  std::optional<RecordedSocket> upstream;
};

std::string audio(int number) {
  return R"({"type":"response.output_audio.delta","event_id":"e)" + std::to_string(number) +
         R"(","delta":")" + std::string(kPiece, 'A') + "\"}";
}

TEST_CASE("a client that reads slowly holds the upstream back, and misses nothing") {
  Flow flow;
  pause(flow.client->socket());
  for (int i = 0; i < kPieces; ++i) flow.upstream->send_text(audio(i));
  // The way up is open: what the relay has read of the flood, it has long passed on or held.
  flow.client->say({{"type", "input_audio_buffer.clear"}});
  CHECK(flow.upstream->take().data.find("input_audio_buffer.clear") != std::string::npos);
  CHECK(queued(*flow.upstream) > kPieces / 2 * kPiece);
  resume(flow.client->socket());
  for (int i = 0; i < kPieces; ++i) {
    const json event = flow.client->await("response.output_audio.delta");
    CHECK(event["event_id"] == "e" + std::to_string(i));
  }
  flow.client->leave();
  CHECK(flow.bench.closed().detail.empty());
}

TEST_CASE("an upstream that reads slowly holds the client back, and misses nothing") {
  Flow flow;
  pause(*flow.upstream);
  for (int i = 0; i < kPieces; ++i) {
    flow.client->say({{"type", "input_audio_buffer.append"},
                      {"event_id", "e" + std::to_string(i)},
                      {"audio", std::string(kPiece, 'A')}});
  }
  flow.upstream->send_text(R"({"type":"input_audio_buffer.cleared","event_id":"e"})");
  flow.client->await("input_audio_buffer.cleared");
  CHECK(queued(flow.client->socket()) > kPieces / 2 * kPiece);
  resume(*flow.upstream);
  for (int i = 0; i < kPieces; ++i) {
    const std::string frame = flow.upstream->take().data;
    CHECK(frame.find("\"e" + std::to_string(i) + "\"") != std::string::npos);
  }
}

TEST_CASE("a client that takes nothing for too long is closed, and the upstream with it") {
  Flow flow(std::chrono::milliseconds(50));
  pause(flow.client->socket());
  for (int i = 0; i < kPieces; ++i) flow.upstream->send_text(audio(i));
  CHECK(flow.bench.closed().detail == "the client reads too slowly");
  CHECK(flow.upstream->take().kind == net::test::SocketEvent::Kind::closed);
  resume(flow.client->socket());
}

TEST_CASE("a client that leaves while the upstream is silent takes its connection along") {
  for (const char* fault : {"stall_headers", "stall_body"}) {
    CAPTURE(std::string(fault));
    Fakes fakes;
    fakes.fault("openai.realtime", fault);
    RelayBench bench;
    bench.set_up(relay_pairs()[0]);
    RelayClient client = bench.client();
    fakes.wait("openai.realtime", "started");
    client.leave();
    CHECK(bench.closed().detail.empty());
    fakes.wait("openai.realtime", "closed_by_client");
    fakes.wait("*", "no_sockets");
  }
}

TEST_CASE("an upstream that cannot begin is replaced by the next, with all that was said") {
  const char* const faults[] = {"refuse", "401", "429", "500", "garbage_headers", "quota", "empty"};
  for (const RelayPair& pair : relay_pairs()) {
    for (const std::string fault : faults) {
      CAPTURE(pair.what);
      CAPTURE(fault);
      Fakes fakes;
      fakes.fault("@first/" + std::string(pair.fake), fault);
      RelayBench bench;
      bench.set_up(relay_pairs()[0]);  // GA, whatever the first one speaks
      const auto reserve = bench.setup.upstream;
      bench.set_up(pair, {{"base_url", Fakes::url("/@first" + std::string(pair.path))}});
      bench.setup.fallback = {reserve};
      RelayClient client = bench.client();
      client.say({{"type", "response.create"}});
      const json done = client.await("response.done");
      CHECK(done["response"]["status"] == "completed");
      CHECK(client.heard().find("\"error\":{") == std::string::npos);
      CHECK(client.heard().find("our-model") != std::string::npos);
      client.leave();
      CHECK(bench.closed().detail.empty());
      fakes.wait("*", "no_sockets");
    }
  }
}

TEST_CASE("a session goes on over a new connection, to which all that was said is told again") {
  Flow flow;
  RelayClient& client = *flow.client;
  client.say({{"type", "session.update"},
              {"session", {{"type", "realtime"}, {"instructions", "Be kind."}, {"model", "x"}}}});
  client.say({{"type", "session.update"},
              {"event_id", "bad"},
              {"session", {{"type", "realtime"}, {"instructions", 7}}}});
  client.say({{"type", "session.update"},
              {"session", {{"type", "realtime"}, {"audio", {{"output", {{"voice", "ash"}}}}}}}});
  for (int i = 0; i < 3; ++i) flow.upstream->take();
  const auto tell = [&](const json& event) { flow.upstream->send_text(event.dump()); };
  tell({{"type", "session.updated"}, {"session", json::object()}});
  tell({{"type", "error"}, {"error", {{"type", "invalid_request_error"}, {"event_id", "bad"}}}});
  tell({{"type", "session.updated"}, {"session", json::object()}});
  const auto item = [](const char* id, const char* role, const json& content) {
    return json{{"id", id}, {"type", "message"}, {"role", role}, {"content", content}};
  };
  tell({{"type", "conversation.item.added"},
        {"item", item("one", "user", {{{"type", "input_audio"}, {"transcript", nullptr}}})}});
  tell({{"type", "conversation.item.added"},
        {"previous_item_id", "one"},
        {"item", item("two", "assistant", json::array())}});
  tell({{"type", "conversation.item.input_audio_transcription.completed"},
        {"item_id", "one"},
        {"content_index", 0},
        {"transcript", "Hello?"}});
  tell({{"type", "response.output_item.done"},
        {"item", item("two", "assistant", {{{"type", "output_audio"}, {"transcript", "Hi."}}})}});
  tell({{"type", "conversation.item.added"},
        {"item", item("gone", "user", {{{"type", "input_text"}, {"text", "No."}}})}});
  tell({{"type", "conversation.item.deleted"}, {"item_id", "gone"}});
  client.await("conversation.item.deleted");
  flow.upstream->close(net::CloseCode::internal_error, "oops");
  CHECK(client.await("error")["error"]["message"].get<std::string>().starts_with("s2s.test "));
  client.say({{"type", "input_audio_buffer.clear"}});

  RecordedSocket next = flow.server.handler.recorded.take();
  next.send_text(R"({"type":"session.created","event_id":"e","session":{}})");
  const json update = json::parse(next.take().data);
  CHECK(update["type"] == "session.update");
  CHECK(update["session"] == json{{"type", "realtime"},
                                  {"instructions", "Be kind."},
                                  {"audio", {{"output", {{"voice", "ash"}}}}}});
  const json one = json::parse(next.take().data);
  CHECK(one["item"] == item("one", "user", {{{"type", "input_text"}, {"text", "Hello?"}}}));
  const json two = json::parse(next.take().data);
  CHECK(two["item"] == item("two", "assistant", {{{"type", "output_text"}, {"text", "Hi."}}}));
  CHECK(json::parse(next.take().data)["type"] == "input_audio_buffer.clear");
  // What it answers to that is nothing new to the client.
  next.send_text(R"({"type":"session.updated","session":{}})");
  next.send_text(json{{"type", "conversation.item.added"}, {"item", one["item"]}}.dump());
  next.send_text(json{{"type", "conversation.item.done"}, {"item", two["item"]}}.dump());
  next.send_text(json{{"type", "error"}, {"error", {{"event_id", one["event_id"]}}}}.dump());
  next.send_text(R"({"type":"input_audio_buffer.cleared"})");
  CHECK(client.until("input_audio_buffer.cleared").size() == 1);
}

TEST_CASE("a model's own settings reach the upstream first, unseen by the client") {
  for (const RelayPair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    RelayBench bench;
    bench.set_up(pair);
    bench.setup.settings = R"({"type":"realtime","instructions":"Be kind."})";
    RelayClient client = bench.client();
    client.say({{"type", "input_audio_buffer.clear"}});
    CHECK(client.until("input_audio_buffer.cleared").size() == 2);
    const json seen = fakes.requests(pair.fake).at(0)["messages"];
    CHECK(seen.at(0)["message"]["type"] == "session.update");
    CHECK(seen.at(0)["message"]["session"]["instructions"] == "Be kind.");
    CHECK(seen.at(1)["message"]["type"] == "input_audio_buffer.clear");
  }
}

TEST_CASE("the last upstream's failure is the one that is told") {
  Fakes fakes;
  fakes.fault("openai.realtime", "500", {{"times", 2}});
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  bench.setup.fallback = {bench.setup.upstream};
  RelayClient client = bench.client();
  const auto events = client.to_the_end();
  REQUIRE(events.size() == 1);
  CHECK(events[0]["error"]["message"].get<std::string>().starts_with("s2s.test "));
  CHECK(client.code() == 1013);
  CHECK(fakes.requests("openai.realtime").size() == 2);
}

}  // namespace
}  // namespace parley::tests
