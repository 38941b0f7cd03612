// SPDX-License-Identifier: MIT
// A session over a real WebSocket on loopback: what the wire shows for bad frames, slow clients and
// sudden ends. Engines are scripted; their own tests are in tests/providers.
#include "transport/websocket_session.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "audio/base64.h"
#include "net/server.h"
#include "tests/driver/fake_engines.h"

namespace parley::tests {
namespace {

using namespace std::chrono_literals;

// Frames as they arrive on the loop, read by the test's thread. Waiting ends with the event; the
// limit only turns a hang into a failure.
class Inbox {
 public:
  void put(std::string frame) {
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
    changed_.notify_all();
  }
  void closed(int code) {
    const std::lock_guard lock(mutex_);
    close_code_ = code;
    changed_.notify_all();
  }
  // The next frame that contains `text`; earlier ones are dropped. Empty: none came.
  std::string await(std::string_view text) {
    std::unique_lock lock(mutex_);
    std::string found;
    const bool came = changed_.wait_for(lock, 120s, [&] {
      while (!frames_.empty() && found.empty()) {
        if (frames_.front().find(text) != std::string::npos) found = frames_.front();
        frames_.pop_front();
      }
      return !found.empty() || close_code_ != 0;
    });
    return came ? found : std::string();
  }
  int await_close() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 120s, [&] { return close_code_ != 0; });
    return close_code_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> frames_;
  int close_code_ = 0;
};

class Fixture final : public net::ServerHandler {
 public:
  Fixture() : pool_(1) {
    options_.defaults.output_modality = protocol::Modality::text;
    llm.script = {engine::LlmText{"Hi."}, engine::LlmDone{}};
    auto server = net::Server::create(pool_, *this, {.listen = {"127.0.0.1:0"}, .tls = {}});
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    pool_.start();
  }
  ~Fixture() override {
    on_loop([this] { client_.reset(); });
    server_->stop_accepting();
    pool_.stop_and_join();
  }

  void on_request(net::EventLoop&, net::HttpRequest, std::shared_ptr<net::HttpResponder>) override {
  }
  net::UpgradeDecision on_upgrade(net::EventLoop&, const net::HttpRequest&) override {
    return {.accept = true, .subprotocol = {}, .refusal = {}};
  }
  void on_websocket(net::EventLoop&, const net::HttpRequest&,
                    std::shared_ptr<net::WebSocket> socket) override {
    transport::SessionSetup setup;
    setup.dialect = protocol::make_openai_ga();
    setup.session = options_;
    setup.engines = {&stt, &llm, &tts};
    setup.send_queue_bytes_max = send_queue_bytes_max;
    setup.on_closed = [this](std::string_view detail) {
      ended.put(detail.empty() ? "ended" : std::string(detail));
    };
    transport::WebSocketSession::start(std::move(socket), std::move(setup));
  }

  // Connects a client. With `reading` false it never reads a frame.
  void connect(bool reading = true) {
    Inbox connected;
    on_loop([&] {
      net::WebSocketClientOptions options;
      options.url = "ws://" + server_->addresses().at(0) + "/v1/realtime";
      net::connect_websocket(
          pool_.at(0), std::move(options),
          [&, reading](base::Result<std::shared_ptr<net::WebSocket>> socket) {
            if (socket.has_value()) client_ = *socket;
            if (socket.has_value() && reading) {
              client_->start({
                  .on_text = [this](std::string_view frame) { inbox.put(std::string(frame)); },
                  .on_binary = [](std::string_view) {},
                  .on_closed = [this](int code, std::string_view) { inbox.closed(code); },
              });
            }
            connected.put(socket.has_value() ? "connected" : socket.error().message);
          });
    });
    REQUIRE(connected.await("") == "connected");
  }
  void send(std::string frame) {
    on_loop([&] { client_->send_text(std::move(frame)); });
  }
  void send_binary(std::string frame) {
    on_loop([&] { client_->send_binary(std::move(frame)); });
  }
  void vanish() {
    on_loop([&] { client_->close(net::CloseCode::normal, {}); });
  }

  Inbox inbox;  // the client's frames; outlives the loop
  Inbox ended;
  FakeStt stt;
  FakeLlm llm;
  FakeTts tts;
  std::size_t send_queue_bytes_max = 32u << 20u;

 private:
  // Runs `task` on the loop and waits for it.
  template <class Task>
  void on_loop(Task task) {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    pool_.at(0).post([&] {
      task();
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done; });
  }

  session::Options options_;
  net::LoopPool pool_;
  std::unique_ptr<net::Server> server_;
  std::shared_ptr<net::WebSocket> client_;
};

bool says(const std::string& frame, std::string_view text) {
  return frame.find(text) != std::string::npos;
}

TEST_CASE("a text turn goes over the wire") {
  Fixture fixture;
  Inbox& inbox = fixture.inbox;
  fixture.connect();
  CHECK(!inbox.await(R"("type":"session.created")").empty());
  fixture.send(R"({"type":"response.create"})");
  CHECK(says(inbox.await(R"("type":"response.output_text.done")"), R"("text":"Hi.")"));
  CHECK(says(inbox.await(R"("type":"response.done")"), R"("status":"completed")"));
}

TEST_CASE("every bad frame gets an error that names event and field, and the session goes on") {
  struct Row {
    const char* frame;
    const char* code;
    const char* rest;
  };
  const Row rows[] = {
      {"{", R"("code":"invalid_json")", R"("event_id":null)"},
      {R"({"type":"nope","event_id":"e1"})", R"("code":"invalid_value")", R"("event_id":"e1")"},
      {R"({"type":"input_audio_buffer.append","audio":"!!!","event_id":"e2"})",
       R"("code":"invalid_value")", R"("param":"audio","event_id":"e2")"},
      {R"({"type":"input_audio_buffer.append","audio":"AAAA","event_id":"e3"})",
       R"("code":"invalid_value")", R"("param":"audio","event_id":"e3")"},
      {R"({"type":"input_audio_buffer.commit","event_id":"e4"})",
       R"("code":"input_audio_buffer_commit_empty")", R"("event_id":"e4")"},
  };
  Fixture fixture;
  Inbox& inbox = fixture.inbox;
  fixture.connect();
  for (const auto& row : rows) {
    CAPTURE(row.frame);
    fixture.send(row.frame);
    const std::string error = inbox.await(R"("type":"error")");
    CHECK(says(error, row.code));
    CHECK(says(error, row.rest));
  }
  fixture.send_binary("\x01\x02");
  CHECK(says(inbox.await(R"("type":"error")"), R"("code":"invalid_event")"));
  fixture.send(R"({"type":"response.create"})");
  CHECK(says(inbox.await(R"("type":"response.done")"), R"("status":"completed")"));
}

TEST_CASE("an append of more than 15 MiB is refused and the session goes on") {
  Fixture fixture;
  Inbox& inbox = fixture.inbox;
  fixture.connect();
  std::string audio;
  audio::base64_encode(std::vector<std::uint8_t>((15u << 20u) + 3), audio);
  fixture.send(R"({"type":"input_audio_buffer.append","audio":")" + audio + R"("})");
  CHECK(says(inbox.await(R"("type":"error")"), R"("code":"string_above_max_length")"));
  fixture.send(R"({"type":"input_audio_buffer.clear"})");
  CHECK(!inbox.await(R"("type":"input_audio_buffer.cleared")").empty());
}

TEST_CASE("a client that leaves in the middle of an answer takes its engine jobs with it") {
  Fixture fixture;
  fixture.llm.script = {engine::LlmText{"Once upon a time"}};  // and never done
  Inbox& inbox = fixture.inbox;
  fixture.connect();
  fixture.send(R"({"type":"response.create"})");
  CHECK(!inbox.await(R"("type":"response.output_text.delta")").empty());
  fixture.vanish();
  CHECK(fixture.ended.await("ended") == "ended");
  CHECK(fixture.llm.destroyed == 1);
}

TEST_CASE("a client that does not read is closed with 1008, not buffered for ever") {
  Fixture fixture;
  fixture.send_queue_bytes_max = 1u << 20u;
  fixture.llm.script.clear();
  for (int i = 0; i < 64; ++i) {
    fixture.llm.script.emplace_back(engine::LlmText{std::string(1u << 18u, 'x')});
  }
  fixture.connect(false);
  fixture.send(R"({"type":"response.create"})");
  CHECK(fixture.ended.await("the client reads too slowly") == "the client reads too slowly");
}

}  // namespace
}  // namespace parley::tests
