// SPDX-License-Identifier: MIT
#include "driver/session_driver.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "tests/driver/fake_engines.h"

namespace parley::tests {
namespace {

using driver::SessionDriver;

// Records a session's events and stops the loop when the awaited one has come.
class RecordingClient final : public driver::SessionClient {
 public:
  explicit RecordingClient(net::EventLoop& loop) : loop_(loop) {}

  void on_event(const protocol::ServerEvent& event) override {
    events.push_back(event);
    if (awaited && awaited(event)) loop_.stop();
  }
  void on_end(int code, std::string, std::string_view detail) override {
    end_code = code;
    end_detail = detail;
    loop_.stop();
  }

  template <class Body>
  int count() const {
    int n = 0;
    for (const auto& event : events) n += std::holds_alternative<Body>(event.body) ? 1 : 0;
    return n;
  }
  template <class Body>
  const Body& last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const auto* body = std::get_if<Body>(&event->body)) return *body;
    }
    FAIL("no such event");
    return std::get<Body>(events.front().body);
  }

  std::vector<protocol::ServerEvent> events;
  std::function<bool(const protocol::ServerEvent&)> awaited;
  std::optional<int> end_code;
  std::string end_detail;

 private:
  net::EventLoop& loop_;
};

template <class Body>
bool is(const protocol::ServerEvent& event) {
  return std::holds_alternative<Body>(event.body);
}

struct Fixture {
  Fixture() {
    options.defaults.output_modality = protocol::Modality::text;
    options.seed = 7;
  }
  std::unique_ptr<SessionDriver> make(RecordingClient& client) {
    auto driver =
        std::make_unique<SessionDriver>(loop, options, engine::EngineSet{&stt, &llm, &tts}, client);
    driver->start();
    return driver;
  }

  net::EventLoop loop;
  session::Options options;
  FakeStt stt;
  FakeLlm llm;
  FakeTts tts;
};

protocol::ClientEvent create_response() { return {"", protocol::ResponseCreate{}}; }

TEST_CASE("a session begins with session.created and answers through its engines") {
  Fixture fixture;
  fixture.llm.script = {engine::LlmText{"Hi"}, engine::LlmText{" there."}, engine::LlmDone{}};
  RecordingClient client(fixture.loop);
  const auto driver = fixture.make(client);
  REQUIRE(client.count<protocol::SessionCreated>() == 1);

  client.awaited = is<protocol::RateLimitsUpdated>;
  driver->handle(create_response());
  fixture.loop.run();
  CHECK(client.last<protocol::ResponseDone>().response.status ==
        protocol::ResponseStatus::completed);
  CHECK(client.last<protocol::TextDone>().text == "Hi there.");
  CHECK(fixture.llm.destroyed == 1);  // a job that said its last word is over
}

TEST_CASE("speech is paced by the driver's timer until its end") {
  Fixture fixture;
  fixture.options.defaults.output_modality = protocol::Modality::audio;
  fixture.options.output_lead = base::Milliseconds(100);
  fixture.llm.script = {engine::LlmText{"Hello."}, engine::LlmDone{}};
  fixture.tts.script = {engine::TtsAudio{std::vector<std::int16_t>(24000 * 3 / 10, 1000), 24000},
                        engine::TtsDone{}};
  RecordingClient client(fixture.loop);
  const auto driver = fixture.make(client);
  client.awaited = is<protocol::ResponseDone>;
  driver->handle(create_response());
  fixture.loop.run();
  CHECK(client.count<protocol::AudioDelta>() == 3);
  CHECK(client.last<protocol::AudioTranscriptDone>().transcript == "Hello.");
}

TEST_CASE("who asks for metrics is told the driver's own share of the time") {
  Fixture fixture;
  fixture.options.metrics = true;
  fixture.llm.script = {engine::LlmText{"Hi."}, engine::LlmDone{}};
  RecordingClient client(fixture.loop);
  const auto driver = fixture.make(client);
  client.awaited = is<protocol::RateLimitsUpdated>;
  driver->handle(create_response());
  fixture.loop.run();
  const auto& metrics = client.last<protocol::TurnMetrics>();
  REQUIRE(metrics.overhead_ms);
  CHECK(*metrics.overhead_ms > 0);
}

TEST_CASE("a cancelled response destroys its engine job, and nothing of it arrives later") {
  Fixture fixture;
  fixture.llm.script = {engine::LlmText{"Once upon"}};
  RecordingClient client(fixture.loop);
  const auto driver = fixture.make(client);
  client.awaited = is<protocol::TextDelta>;
  driver->handle(create_response());
  fixture.loop.run();

  driver->handle(protocol::ClientEvent{"", protocol::ResponseCancel{}});
  CHECK(fixture.llm.destroyed == 1);
  const auto said = client.events.size();
  fixture.llm.channels[0]->emit(engine::LlmText{" a time"});
  fixture.loop.post([&] { fixture.loop.stop(); });
  fixture.loop.run();
  CHECK(client.events.size() == said);
}

TEST_CASE("a broken invariant ends its own session with 1011 and no other") {
  Fixture fixture;
  RecordingClient broken_client(fixture.loop);
  RecordingClient other_client(fixture.loop);
  const auto broken = fixture.make(broken_client);
  const auto other = fixture.make(other_client);

  broken->handle(create_response());
  REQUIRE(fixture.llm.requests.size() == 1);
  // Appends reach a session decoded; one that does not is a mistake of ours.
  broken->handle(protocol::ClientEvent{"", protocol::InputAudioBufferAppend{}});
  fixture.loop.run();  // until the end's stop()
  REQUIRE(broken_client.end_code == 1011);
  CHECK(broken_client.end_detail.find("session.cpp") != std::string::npos);
  CHECK(fixture.llm.destroyed == 1);

  fixture.llm.script = {engine::LlmText{"Still here."}, engine::LlmDone{}};
  other_client.awaited = is<protocol::ResponseDone>;
  other->handle(create_response());
  fixture.loop.run();
  CHECK(other_client.last<protocol::TextDone>().text == "Still here.");
  CHECK_FALSE(other_client.end_code);
}

TEST_CASE("destroying a driver cancels the jobs that run") {
  Fixture fixture;
  RecordingClient client(fixture.loop);
  auto driver = fixture.make(client);
  driver->handle(create_response());
  REQUIRE(fixture.llm.requests.size() == 1);
  driver.reset();
  CHECK(fixture.llm.destroyed == 1);
  fixture.llm.channels[0]->emit(engine::LlmDone{});
  fixture.loop.post([&] { fixture.loop.stop(); });
  fixture.loop.run();  // nothing reaches the driver that is gone
}

}  // namespace
}  // namespace parley::tests
