// SPDX-License-Identifier: MIT
// A telephone call over a real WebSocket on loopback: the test is the carrier. Engines are
// scripted.
#include "compat/telephony/media_stream_session.h"

#include <doctest/doctest.h>

#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "audio/base64.h"
#include "audio/codec.h"
#include "net/server.h"
#include "tests/driver/fake_engines.h"

namespace parley::tests {
namespace {

using namespace std::chrono_literals;
using compat::Carrier;

// What came, read by the test's thread. Waiting ends with the event; the limit only turns a hang
// into a failure.
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
  // The next frame that contains `text`; earlier ones go to `passed`. Empty: none came.
  std::string await(std::string_view text) {
    std::unique_lock lock(mutex_);
    std::string found;
    changed_.wait_for(lock, 60s, [&] {
      while (!frames_.empty() && found.empty()) {
        const bool hit = frames_.front().find(text) != std::string::npos;
        (hit ? found : passed.emplace_back()) = std::move(frames_.front());
        frames_.pop_front();
      }
      return !found.empty() || close_code_ != 0;
    });
    return found;
  }
  int await_close() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 60s, [&] { return close_code_ != 0; });
    return close_code_;
  }
  bool has_passed(std::string_view text) const {
    for (const auto& frame : passed) {
      if (frame.find(text) != std::string::npos) return true;
    }
    return false;
  }

  std::vector<std::string> passed;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> frames_;
  int close_code_ = 0;
};

// Counts requests aloud, so that the test can wait for one and then read it.
class HeardLlm final : public FakeLlm {
 public:
  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    auto job = FakeLlm::start(std::move(request), loop, std::move(sink));
    std::string said = "instructions=" + requests.back().instructions;
    for (const auto& entry : requests.back().history) {
      if (const auto* words = std::get_if<engine::Utterance>(&entry)) said += " | " + words->text;
    }
    asked.put(std::move(said));
    return job;
  }
  Inbox asked;
};

class Call final : public net::ServerHandler {
 public:
  explicit Call(Carrier carrier, int answer_ms = 300) : carrier_(carrier), pool_(1) {
    setup.greet = false;
    setup.session.vad.kind = turn::VadKind::energy;
    llm.script = {engine::LlmText{"Hi there."}, engine::LlmDone{}};
    tts.script = {
        engine::TtsAudio{std::vector<std::int16_t>(static_cast<std::size_t>(answer_ms) * 8, 1000),
                         8000},
        engine::TtsDone{}};
    auto server = net::Server::create(pool_, *this, {.listen = {"127.0.0.1:0"}, .tls = {}});
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    pool_.start();
  }
  ~Call() override {
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
    compat::MediaStreamSetup mine = setup;
    mine.carrier = carrier_;
    mine.engines = {&stt, &llm, &tts};
    mine.on_closed = [this](std::string_view detail) {
      ended.put(detail.empty() ? "ended" : std::string(detail));
    };
    compat::MediaStreamSession::start(std::move(socket), std::move(mine));
  }

  void connect() {
    Inbox connected;
    on_loop([&] {
      net::WebSocketClientOptions options;
      options.url = "ws://" + server_->addresses().at(0) + "/";
      net::connect_websocket(
          pool_.at(0), std::move(options),
          [&](base::Result<std::shared_ptr<net::WebSocket>> socket) {
            if (socket.has_value()) {
              client_ = *socket;
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
    send(carrier_ == Carrier::twilio
             ? R"({"event":"connected","protocol":"Call","version":"1.0.0"})"
             : R"({"event":"connected","version":"1.0.0"})");
  }
  void begin(const std::string& parameters = "{}", const std::string& format = {}) {
    connect();
    if (carrier_ == Carrier::twilio) {
      send(R"({"event":"start","sequenceNumber":"1","start":{"streamSid":"MZ1","callSid":"CA1",)"
           R"("tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,)"
           R"("channels":1},"customParameters":)" +
           parameters + R"(},"streamSid":"MZ1"})");
    } else {
      send(R"({"event":"start","sequence_number":"1","stream_id":"s-1","start":{)"
           R"("media_format":)" +
           (format.empty() ? R"({"encoding":"PCMU","sample_rate":8000,"channels":1})" : format) +
           R"(,"custom_parameters":)" + parameters + "}}");
    }
  }
  void send(std::string frame) {
    on_loop([&] { client_->send_text(std::move(frame)); });
  }
  void send_binary(std::string frame) {
    on_loop([&] { client_->send_binary(std::move(frame)); });
  }
  void press(std::string_view digits) {
    for (const char digit : digits) {
      send(R"({"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":")" + std::string(1, digit) +
           R"("}})");
    }
  }
  // Sound of 20 ms a message, loud or silent.
  void sound(int ms, bool loud) {
    for (int sent = 0; sent < ms; sent += 20, at_ms_ += 20) {
      std::vector<std::int16_t> samples(160);
      for (auto& sample : samples) {
        noise_ = noise_ * 1664525U + 1013904223U;
        const double hiss = static_cast<double>(noise_ >> 16U) / 65536.0 - 0.5;
        const double t = static_cast<double>(phase_++) / 8000;
        const double voice =
            std::sin(2 * 3.14159265 * 180 * t) + std::sin(2 * 3.14159265 * 900 * t);
        sample = static_cast<std::int16_t>(loud ? 5000 * voice + 3000 * hiss : 6 * hiss);
      }
      std::vector<std::uint8_t> audio;
      audio::encode(base::AudioEncoding::g711_ulaw, samples, audio);
      std::string payload;
      audio::base64_encode(audio, payload);
      send(R"({"event":"media","media":{"track":"inbound","timestamp":")" + std::to_string(at_ms_) +
           R"(","payload":")" + payload + R"("}})");
    }
  }
  // Gives back the mark that `frame` is.
  void give_back(std::string frame) { send(std::move(frame)); }

  Inbox inbox;  // the carrier's frames; outlives the loop
  Inbox ended;
  FakeStt stt;
  HeardLlm llm;
  FakeTts tts;
  compat::MediaStreamSetup setup;

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

  const Carrier carrier_;
  int at_ms_ = 0;
  unsigned noise_ = 1;
  int phase_ = 0;
  net::LoopPool pool_;
  std::unique_ptr<net::Server> server_;
  std::shared_ptr<net::WebSocket> client_;
};

bool says(const std::string& frame, std::string_view text) {
  return frame.find(text) != std::string::npos;
}

TEST_CASE("a call is greeted: each piece of sound is followed by its mark") {
  Call call(Carrier::twilio);
  call.setup.greet = true;
  call.begin();
  CHECK(says(call.inbox.await(R"("event":)"), R"({"event":"media","streamSid":"MZ1","media":)"));
  CHECK(says(call.inbox.await(R"("event":)"), R"({"event":"mark","streamSid":"MZ1","mark":)"));
}

TEST_CASE("the stream's parameters set instructions, voice and language") {
  Call call(Carrier::twilio);
  call.begin(R"({"instructions":"Be a pirate.","voice":"verse","language":"de",)"
             R"("greeting":"true","other":"x"})");
  CHECK(says(call.llm.asked.await(""), "instructions=Be a pirate."));
  REQUIRE_FALSE(call.inbox.await(R"("event":"media")").empty());
  CHECK(call.tts.requests.at(0).voice == "verse");
}

TEST_CASE("a spoken turn is answered on both carriers") {
  for (const Carrier carrier : {Carrier::twilio, Carrier::telnyx}) {
    Call call(carrier);
    call.begin();
    call.sound(600, true);
    call.sound(1000, false);
    CHECK(says(call.llm.asked.await(""), "hello"));
    const std::string media = call.inbox.await(R"("event":"media")");
    CHECK(says(media, R"("streamSid")") == (carrier == Carrier::twilio));
  }
}

TEST_CASE("speech over an answer clears what the carrier holds, and the history ends there") {
  Call call(Carrier::twilio, 2000);
  call.setup.greet = true;
  call.llm.script = {engine::LlmText{"One two three four five."}, engine::LlmDone{}};
  engine::TtsWords words{{{0, 3, 0, 200},
                          {4, 7, 200, 350},
                          {8, 13, 350, 1000},
                          {14, 18, 1000, 1500},
                          {19, 24, 1500, 2000}}};
  call.tts.script.insert(call.tts.script.begin(), std::move(words));
  call.begin();
  call.llm.asked.await("");
  // 400 ms were heard, and perhaps a part of the next 100 ms.
  for (int i = 0; i < 4; ++i) call.give_back(call.inbox.await(R"("event":"mark")"));
  call.inbox.await(R"("event":"mark")");
  call.sound(600, true);
  CHECK(call.inbox.await(R"("event":"clear")") == R"({"event":"clear","streamSid":"MZ1"})");
  call.sound(1000, false);
  const std::string history = call.llm.asked.await("");
  CHECK(says(history, "hello"));
  CAPTURE(history);
  CHECK(says(history, "One two"));
  CHECK_FALSE(says(history, "three"));
}

TEST_CASE("speech after an answer whose marks have all come back clears nothing") {
  Call call(Carrier::twilio, 100);
  call.setup.greet = true;
  call.begin();
  const std::string mark = call.inbox.await(R"("event":"mark")");
  call.give_back(mark);
  call.sound(600, true);
  call.sound(1000, false);
  CHECK_FALSE(call.inbox.await(R"("event":"media")").empty());
  CHECK_FALSE(call.inbox.has_passed("clear"));
}

TEST_CASE("keys become the caller's message at the hash key") {
  Call call(Carrier::twilio);
  call.begin();
  call.press("12#");
  CHECK(says(call.llm.asked.await(""), "The caller pressed 12 "));
  CHECK_FALSE(call.inbox.await(R"("event":"media")").empty());
}

TEST_CASE("keys become the caller's message after a pause, the hash key alone at once") {
  Call call(Carrier::telnyx);
  call.begin();
  call.press("5");
  CHECK(says(call.llm.asked.await(""), "The caller pressed 5 "));
  call.press("#");
  CHECK(says(call.llm.asked.await(""), "The caller pressed # "));
}

constexpr const char* kBadFrames[] = {
    "",
    "{",
    "[]",
    "7",
    "{}",
    R"({"event":"nope"})",
    R"({"event":"start"})",
    R"({"event":"media"})",
    R"({"event":"media","media":{"payload":"###"}})",
    R"({"event":"dtmf","dtmf":{"digit":"x"}})",
};

TEST_CASE("Twilio is told nothing of what makes no sense, and the call goes on") {
  Call call(Carrier::twilio);
  call.begin();
  for (const char* frame : kBadFrames) call.send(frame);
  call.send_binary("\x01");
  call.press("1#");
  CHECK(says(call.inbox.await(R"("event":)"), R"("event":"media")"));
  CHECK(call.inbox.passed.empty());
}

TEST_CASE("Telnyx is told in its own shape what makes no sense, and the call goes on") {
  Call call(Carrier::telnyx);
  call.begin();
  for (const char* frame : kBadFrames) {
    CAPTURE(frame);
    call.send(frame);
    CHECK(says(call.inbox.await(R"("event":)"),
               R"({"event":"error","stream_id":"s-1","payload":{"code":10000)"));
  }
  call.send_binary("\x01");
  CHECK(says(call.inbox.await(R"("event":)"), R"("title":"malformed_frame")"));
  call.send(R"({"event":"error","payload":{"code":100002}})");  // never answered with another
  call.press("1#");
  CHECK(says(call.inbox.await(R"("event":)"), R"("event":"media")"));
}

TEST_CASE("media before the start is refused, and the call begins all the same") {
  Call call(Carrier::telnyx);
  call.connect();
  call.sound(20, true);
  CHECK(says(call.inbox.await(R"("event":"error")"), R"("title":"invalid_media")"));
  call.send(R"({"event":"start","stream_id":"s-2","start":{"media_format":{"encoding":"PCMA",)"
            R"("sample_rate":8000}}})");
  call.press("1#");
  CHECK_FALSE(call.inbox.await(R"("event":"media")").empty());
}

TEST_CASE("a piece for Telnyx is 20 ms at least, in the stream's own format") {
  Call call(Carrier::telnyx, 5);
  call.setup.greet = true;
  call.begin("{}", R"({"encoding":"L16","sample_rate":16000,"channels":1})");
  const std::string media = call.inbox.await(R"("event":"media")");
  const std::string key = R"("payload":")";
  const auto from = media.find(key) + key.size();
  std::vector<std::uint8_t> audio;
  REQUIRE(audio::base64_decode(media.substr(from, media.find('"', from) - from), audio));
  CHECK(audio.size() >= 640);
}

TEST_CASE("a stop ends the call cleanly") {
  Call call(Carrier::twilio);
  call.begin();
  call.send(R"({"event":"stop","streamSid":"MZ1","stop":{"callSid":"CA1"}})");
  CHECK(call.inbox.await_close() == 1000);
  CHECK(call.ended.await("") == "ended");
}

TEST_CASE("a format that is not spoken here ends the call and says why") {
  Call call(Carrier::telnyx);
  call.begin("{}", R"({"encoding":"G722","sample_rate":16000})");
  CHECK(call.inbox.await_close() == 1008);
  CHECK(says(call.ended.await(""), "media format"));
}

TEST_CASE("a call without the token that is asked for is refused") {
  Call call(Carrier::twilio);
  call.setup.admit = [](const std::string& token) { return token == "secret"; };
  call.begin(R"({"token":"guess"})");
  CHECK(call.inbox.await_close() == 1008);
}

}  // namespace
}  // namespace parley::tests
