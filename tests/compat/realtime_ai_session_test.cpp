// SPDX-License-Identifier: MIT
// realtime-ai's page over a real WebSocket on loopback, row by row of its checklist. Engines are
// scripted.
#include "compat/realtime_ai/realtime_ai_session.h"

#include <doctest/doctest.h>

#include <cmath>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "net/server.h"
#include "tests/driver/fake_engines.h"

namespace parley::tests {
namespace {

using namespace std::chrono_literals;

bool says(const std::string& frame, std::string_view text) {
  return frame.find(text) != std::string::npos;
}

// All that came, kept. Waiting ends with the event; the limit only turns a hang into a failure.
class Log {
 public:
  void put(std::string frame) {
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
    changed_.notify_all();
  }
  // The position of the first frame from `from` on that contains `text`; -1: none came.
  int await(std::string_view text, int from = 0) {
    std::unique_lock lock(mutex_);
    int found = -1;
    changed_.wait_for(lock, 120s, [&] {
      for (auto i = static_cast<std::size_t>(from); i < frames_.size() && found < 0; ++i) {
        if (says(frames_[i], text)) found = static_cast<int>(i);
      }
      return found >= 0;
    });
    return found;
  }
  std::vector<std::string> all(std::string_view text = {}) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& frame : frames_) {
      if (says(frame, text)) out.push_back(frame);
    }
    return out;
  }
  std::string at(int index) { return all().at(static_cast<std::size_t>(index)); }
  int size() { return static_cast<int>(all().size()); }
  int count(std::string_view text) { return static_cast<int>(all(text).size()); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> frames_;
};

constexpr std::string_view kDone = R"("is_complete":true)";

class Page final : public net::ServerHandler {
 public:
  explicit Page(int answer_ms = 900) : pool_(1) {
    setup.session.vad.kind = turn::VadKind::energy;
    llm.script = {engine::LlmText{"Hi "}, engine::LlmText{"there."}, engine::LlmDone{}};
    tts.script = {
        engine::TtsAudio{std::vector<std::int16_t>(static_cast<std::size_t>(answer_ms) * 16, 1000),
                         16000},
        engine::TtsDone{}};
    auto server = net::Server::create(pool_, *this, {.listen = {"127.0.0.1:0"}, .tls = {}});
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    pool_.start();
  }
  ~Page() override {
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
    compat::RealtimeAiSetup mine = setup;
    mine.engines = {&stt, &llm, &tts};
    mine.on_closed = [this](std::string_view detail) { ended.put("ended " + std::string(detail)); };
    compat::RealtimeAiSession::start(std::move(socket), std::move(mine));
  }

  // Messages of sound are kept in `sounds`, and as "sound <bytes>" in `log`.
  void connect() {
    Log connected;
    on_loop([&] {
      net::WebSocketClientOptions options;
      options.url = "ws://" + server_->addresses().at(0) + "/";
      net::connect_websocket(
          pool_.at(0), std::move(options),
          [&](base::Result<std::shared_ptr<net::WebSocket>> socket) {
            if (socket.has_value()) {
              client_ = *socket;
              client_->start({
                  .on_text = [this](std::string_view frame) { log.put(std::string(frame)); },
                  .on_binary =
                      [this](std::string_view message) {
                        sounds.put(std::string(message));
                        log.put("sound " + std::to_string(message.size()));
                      },
                  .on_closed = [this](int code,
                                      std::string_view) { log.put(std::to_string(code)); },
              });
            }
            connected.put(socket.has_value() ? "connected" : socket.error().message);
          });
    });
    REQUIRE(connected.at(connected.await("")) == "connected");
  }
  void send(std::string frame) {
    on_loop([&] { client_->send_text(std::move(frame)); });
  }
  void send_binary(std::string frame) {
    on_loop([&] { client_->send_binary(std::move(frame)); });
  }
  void type(const std::string& text) { send(R"({"type":"text_input","text":")" + text + R"("})"); }
  // Messages of `count` samples each 40 ms, loud or silent.
  void sound(int ms, bool loud, int count = 640) {
    for (int sent = 0; sent < ms; sent += 40, time_ += 40) {
      std::string frame;
      for (int shift = 0; shift < 32; shift += 8) frame += static_cast<char>(time_ >> shift & 0xff);
      frame += std::string("\x80\0\0\0", 4);
      for (int i = 0; i < 640; ++i, ++phase_) {
        noise_ = noise_ * 1664525U + 1013904223U;
        const double hiss = static_cast<double>(noise_ >> 16U) / 65536.0 - 0.5;
        const double t = static_cast<double>(phase_) / 16000;
        const double voice =
            std::sin(2 * 3.14159265 * 180 * t) + std::sin(2 * 3.14159265 * 900 * t);
        const int sample = static_cast<int>(loud ? 5000 * voice + 3000 * hiss : 6 * hiss);
        if (i >= count) continue;
        frame += static_cast<char>(sample & 0xff);
        frame += static_cast<char>(sample >> 8);
      }
      send_binary(std::move(frame));
    }
  }
  std::size_t samples_heard() {
    std::size_t heard = 0;
    on_loop([&] { heard = stt.samples_heard; });
    return heard;
  }

  Log log;
  Log sounds;
  Log ended;
  FakeStt stt;
  FakeLlm llm;
  FakeTts tts;
  compat::RealtimeAiSetup setup;

 private:
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

  std::uint32_t time_ = 4'294'967'000U;  // wraps around soon
  unsigned noise_ = 1;
  int phase_ = 0;
  net::LoopPool pool_;
  std::unique_ptr<net::Server> server_;
  std::shared_ptr<net::WebSocket> client_;
};

TEST_CASE("row 13: each command is taken under either key") {
  for (const std::string key : {"type", "command"}) {
    Page page;
    page.connect();
    int from = page.log.await("listening") + 1;
    const auto answered = [&](const std::string& command, std::string_view answer) {
      page.send(R"({")" + key + R"(":")" + command + R"(})");
      const int at = page.log.await(answer, from);
      from = at + 1;
      return at >= 0;
    };
    CHECK(answered(R"(start")", R"("status":"listening")"));
    CHECK(answered(R"(interrupt")", "interrupt_acknowledged"));
    CHECK(answered(R"(stop")", R"("status":"stopped")"));
    page.send(R"({")" + key + R"(":"clear_queues"})");  // nobody answers this one
    CHECK(answered(R"(reset")", R"("status":"listening")"));
    CHECK(answered(R"(text_input","text":"Hello")", kDone));
    CHECK(page.log.count(R"("type":"error")") == 0);
  }
}

TEST_CASE("row 14: each message that is too short is told of, and closes nothing") {
  Page page;
  page.connect();
  int from = 0;
  for (const std::size_t bytes : {0U, 1U, 8U, 9U}) {
    page.send_binary(std::string(bytes, '\0'));
    const int at = page.log.await(R"("type":"error")", from);
    CHECK(says(page.log.at(at), "header of 8 bytes"));
    from = at + 1;
  }
  for (int i = 0; i < 1000; ++i) page.send_binary("");  // but not without end
  page.type("Hello");
  CHECK(page.log.await(kDone) >= 0);
  CHECK(page.log.count(R"("type":"error")") < 100);
}

TEST_CASE("row 14: an odd length is told of, and its whole samples are heard") {
  Page page;
  page.connect();
  for (int i = 0; i < 3; ++i) page.send_binary(std::string(8 + 641, '\0'));
  page.type("Hello");
  CHECK(page.log.await(kDone) >= 0);
  CHECK(page.log.count(R"("type":"error")") == 3);
  CHECK(page.log.count("odd last byte") == 3);
}

TEST_CASE("row 15: a turn of gapped sound ends in the time that passed, not in its samples") {
  Page page;
  page.connect();
  page.sound(800, true, 341);
  page.sound(800, false, 341);  // 53 % of this is less than the silence that ends a turn
  CHECK(page.log.await("final_transcript") >= 0);
  CHECK(page.log.await(kDone) >= 0);
  CHECK(page.samples_heard() > 800 * 16 * 9 / 10);
}

TEST_CASE("row 16: both directions run at the rate that was set") {
  for (const int rate : {16000, 24000}) {
    Page page(1000);
    page.setup.rate_hz = rate;
    page.connect();
    page.type("Hello");
    page.log.await("tts_end");
    CHECK(says(page.log.at(page.log.await("tts_start")),
               "raw-" + std::to_string(rate / 1000) + "khz-16bit-mono-pcm"));
    std::size_t bytes = 0;
    for (const auto& message : page.sounds.all()) bytes += message.size();
    CHECK(bytes == doctest::Approx(rate * 2).epsilon(0.02));
  }
}

TEST_CASE("row 17: sound is heard before any start, and the state is told at once") {
  Page page;
  page.connect();
  CHECK(says(page.log.at(page.log.await("")), R"({"type":"status","status":"listening")"));
  page.sound(600, true);
  page.sound(1000, false);
  CHECK(says(page.log.at(page.log.await("final_transcript")), R"("content":"hello")"));
}

TEST_CASE("row 17: after stop nothing is heard until start") {
  Page page;
  page.connect();
  page.send(R"({"type":"stop"})");
  page.sound(600, true);
  page.sound(1000, false);
  page.send(R"({"type":"start"})");
  page.log.await("listening", page.log.await("stopped"));
  CHECK(page.samples_heard() == 0);
  page.sound(600, true);
  page.sound(1000, false);
  CHECK(page.log.await("final_transcript") >= 0);
}

TEST_CASE("row 18: sound comes in messages of 200 ms and more, between its start and its end") {
  for (const int answer_ms : {200, 390, 410, 1210, 2790}) {
    Page page(answer_ms);
    page.connect();
    page.type("Hello");
    page.log.await(kDone);
    std::size_t bytes = 0;
    for (const auto& message : page.sounds.all()) {
      CHECK(message.size() >= 16000 * 2 / 5);
      CHECK(message.size() % 2 == 0);
      bytes += message.size();
    }
    CHECK(bytes >= static_cast<std::size_t>(answer_ms) * 32);
    CHECK(bytes <= static_cast<std::size_t>(answer_ms + 200) * 32);
    CHECK(page.log.count("tts_start") == 1);
    CHECK(page.log.count("tts_end") == 1);
    const int last = page.log.await("tts_end");
    for (int i = 0; i < page.log.size(); ++i) {
      if (!says(page.log.at(i), "sound ")) continue;
      CHECK(i > page.log.await("tts_start"));
      CHECK(i < last);
    }
  }
}

TEST_CASE("row 18: an answer that is shorter than a message comes as it is") {
  Page page(60);
  page.connect();
  page.type("Hello");
  page.log.await(kDone);
  CHECK(page.sounds.count("") == 1);
}

TEST_CASE("row 18: the lead that the page cuts off is zeros, and costs no sample") {
  Page page(1000);
  page.setup.leading_pad_bytes = 12;
  page.connect();
  page.type("Hello");
  page.log.await("tts_end");
  std::size_t bytes = 0;
  for (const auto& message : page.sounds.all()) {
    CHECK(message.substr(0, 12) == std::string(12, '\0'));
    bytes += message.size() - 12;
  }
  CHECK(bytes == 32000);
}

TEST_CASE("row 19: texts are the whole so far, and complete exactly once") {
  Page page;
  page.connect();
  page.type("Hello");
  page.log.await(kDone, page.log.await(kDone) + 1);
  for (const std::string type : {"subtitle", "llm_response"}) {
    const auto texts = page.log.all(R"("type":")" + type + R"(")");
    REQUIRE(texts.size() >= 2);
    CHECK(says(texts.back(), R"("content":"Hi there.","is_complete":true)"));
    CHECK(says(texts[texts.size() - 2], R"("content":"Hi there.","is_complete":false)"));
    CHECK(page.log.count(R"("type":")" + type + R"(","content":"Hi there.","is_complete":true)") ==
          1);
  }
}

TEST_CASE("row 20: a typed turn comes in the order of a spoken one") {
  for (const bool spoken : {false, true}) {
    Page page;
    page.connect();
    if (spoken) {
      page.sound(600, true);
      page.sound(1000, false);
    } else {
      page.type("Hello");
    }
    page.log.await(kDone);
    int last = page.log.await("status");
    for (const std::string type :
         {"final_transcript", "tts_stop", "llm_status", "llm_response", "tts_start", "tts_end"}) {
      const int at = page.log.await(R"("type":")" + type + R"(")");
      CHECK_MESSAGE(at > last, type);
      last = at;
    }
    CHECK(page.log.count("tts_stop") == 1);
    CHECK(page.log.count("llm_status") == 1);
  }
}

TEST_CASE("row 20: an answer that fails is a turn all the same") {
  Page page;
  page.llm.script = {engine::Failure{"upstream_error", "The model is away."}};
  page.connect();
  page.type("Hello");
  const int status = page.log.await("llm_status");
  const int error = page.log.await(R"("type":"error")");
  const int done = page.log.await(R"("type":"llm_response")");
  CHECK(status < error);
  CHECK(error < done);
  CHECK(says(page.log.at(done), kDone));
}

TEST_CASE("row 21: interrupts without a brake end one answer, and the next turn is answered") {
  Page page(20'000);
  page.connect();
  page.type("Hello");
  page.log.await("sound ");
  for (int i = 0; i < 50; ++i) page.send(R"({"type":"interrupt"})");
  const int acknowledged = page.log.await("interrupt_acknowledged");
  const int stop = page.log.await("tts_stop", page.log.await("sound "));
  CHECK(stop < acknowledged);
  CHECK(page.log.count(R"("type":"llm_response","content":"Hi there.","is_complete":true)") == 1);
  const int from = page.log.size();
  page.type("Again");
  const int sound = page.log.await("sound ", from);
  CHECK(sound > page.log.await("llm_status", from));
  CHECK(page.log.count("interrupt_acknowledged") < 25);
  CHECK(page.log.count(R"("type":"error")") == 0);
}

TEST_CASE("row 21: an interruption stops what the client still plays of a finished answer") {
  Page page(1000);  // sent ahead of its playback
  page.connect();
  page.type("Hello");
  const int end = page.log.await("tts_end");
  page.send(R"({"type":"interrupt"})");
  const int acknowledged = page.log.await("interrupt_acknowledged");
  const int stop = page.log.await("tts_stop", end);
  CHECK(end < stop);
  CHECK(stop < acknowledged);
}

TEST_CASE("row 21: speech that stays below the level that was set does not end an answer") {
  for (const int level : {1, 900}) {
    Page page(20'000);
    page.setup.barge_in_level_permille = level;
    page.connect();
    page.type("Hello");
    const int from = page.log.await("sound ");
    page.sound(1200, true);
    page.send(R"({"type":"no_such"})");
    const int after = page.log.await("Invalid command", from);
    const int stop = page.log.await("tts_stop");
    CHECK(stop < from);  // of the turn itself
    if (level == 1) CHECK(page.log.await("tts_stop", from) < after);
    if (level != 1) CHECK(page.log.count("tts_stop") == 1);
  }
}

TEST_CASE("row 23: a page that sends nothing for as long as was set is closed") {
  Page page;
  page.setup.silence_max = 1s;
  page.connect();
  CHECK(page.log.await("1000") >= 0);
  CHECK(page.ended.await("ended") >= 0);
}

TEST_CASE("row 22: stop is acknowledged and every event names its session") {
  Page page(20'000);
  page.connect();
  page.type("Hello");
  page.log.await("sound ");
  page.send(R"({"type":"stop"})");
  CHECK(says(page.log.at(page.log.await("stop_acknowledged")),
             R"("message":"All processing stopped","queues_cleared":true)"));
  CHECK(page.log.await("stopped") >= 0);
  const auto frames = page.log.all(R"("type")");
  const std::size_t at = frames[0].find("session_id");
  REQUIRE(at != std::string::npos);
  for (const auto& frame : frames) CHECK(says(frame, frames[0].substr(at)));
  CHECK(frames[0].size() - at == std::string_view(R"(session_id":""})").size() + 36);
}

TEST_CASE("row 22: bad input is answered in its own shape, and the session goes on") {
  Page page;
  page.connect();
  int from = page.log.await("status") + 1;
  for (const std::string bad :
       {"", "{", "nonsense", "[]", "7", "null", "{}", R"({"type":7})", R"({"type":"no_such"})",
        R"({"type":"text_input"})", R"({"type":"text_input","text":" "})"}) {
    page.send(bad);
    const int at = page.log.await("", from);
    CHECK_MESSAGE(says(page.log.at(at), R"({"type":"error","message":")"), bad);
    CHECK(says(page.log.at(at), R"("session_id":")"));
    from = at + 1;
  }
  page.type("Hello");
  CHECK(page.log.await(kDone) >= 0);
}

TEST_CASE("row 24: the history is kept, and a reset forgets it") {
  Page page;
  page.connect();
  page.type("One");
  page.log.await(kDone);
  int from = page.log.size();
  page.type("Two");
  page.log.await("tts_start", from);
  CHECK(page.llm.requests.at(1).history.size() == 3);
  from = page.log.size();
  page.send(R"({"type":"reset"})");
  page.log.await("listening", from);
  page.type("Three");
  page.log.await("tts_start", from);
  CHECK(page.llm.requests.at(2).history.size() == 1);
}

}  // namespace
}  // namespace parley::tests
