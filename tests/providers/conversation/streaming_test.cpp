// SPDX-License-Identifier: MIT
// The engine port over the rules, on a loop that the test pumps by hand.
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <utility>

#include "providers/embedded/conversation/conversationalist.h"
#include "tests/providers/conversation/support.h"

namespace parley::providers::embedded {
namespace {

// Runs what was posted when told to; keeps the delays that were asked for.
class ManualLoop final : public base::Executor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void post_after(base::Duration delay, std::function<void()> task) override {
    delays.push_back(delay);
    later_.push_back(std::move(task));
  }

  // Until nothing is due now.
  void run_due() {
    while (!tasks_.empty()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  // As if time passed until the next delayed task; false: there is none.
  bool run_next_delayed() {
    if (later_.empty()) return false;
    auto task = std::move(later_.front());
    later_.pop_front();
    task();
    run_due();
    return true;
  }
  void run_all() {
    run_due();
    while (run_next_delayed()) {
    }
  }

  std::vector<base::Duration> delays;

 private:
  std::deque<std::function<void()>> tasks_;
  std::deque<std::function<void()>> later_;
};

struct Heard {
  std::vector<std::string> text;
  std::vector<engine::ToolCall> calls;
  std::vector<std::string> argument_deltas;
  std::vector<engine::LlmDone> done;
  std::size_t events = 0;

  std::string whole_text() const {
    std::string whole;
    for (const auto& delta : text) whole += delta;
    return whole;
  }

  void operator()(const engine::LlmEvent& event) {
    ++events;
    CHECK(done.empty());  // nothing comes after the end
    if (const auto* said = std::get_if<engine::LlmText>(&event)) text.push_back(said->delta);
    if (const auto* begin = std::get_if<engine::LlmToolCallBegin>(&event)) {
      calls.push_back({begin->call_id, begin->name, {}});
    }
    if (const auto* more = std::get_if<engine::LlmToolCallArguments>(&event)) {
      REQUIRE(!calls.empty());
      calls.back().arguments += more->delta;
      argument_deltas.push_back(more->delta);
    }
    if (const auto* end = std::get_if<engine::LlmDone>(&event)) done.push_back(*end);
    CHECK(!std::holds_alternative<engine::Failure>(event));
  }
};

engine::LlmRequest request_saying(std::string text) {
  engine::LlmRequest request;
  request.history.emplace_back(
      engine::Utterance{engine::Speaker::user, std::move(text), false, {}});
  return request;
}

struct Stage {
  explicit Stage(base::Duration interval = base::Milliseconds(5))
      : engine(make_conversationalist({interval, pi_day})) {}

  void start(engine::LlmRequest request) {
    job = engine->start(std::move(request), loop, [this](engine::LlmEvent event) { heard(event); });
  }

  ManualLoop loop;
  Heard heard;
  std::unique_ptr<engine::LlmEngine> engine;
  std::unique_ptr<engine::LlmJob> job;
};

TEST_CASE("nothing is emitted inside start, and the words add up to the reply") {
  Stage stage;
  stage.start(request_saying("What time is it? Tell me a story."));
  CHECK(stage.heard.events == 0);
  stage.loop.run_all();
  CHECK(stage.heard.text.size() > 20);
  CHECK(stage.heard.whole_text() == answer_to("What time is it? Tell me a story."));
  REQUIRE(stage.heard.done.size() == 1);
  CHECK(stage.heard.done[0].finish == engine::LlmFinish::stop);
  CHECK(stage.heard.done[0].output_tokens == static_cast<int>(stage.heard.text.size()));
}

TEST_CASE("words come one at a time, an interval apart") {
  Stage stage(base::Milliseconds(7));
  stage.start(request_saying("hello"));
  stage.loop.run_due();
  CHECK(stage.heard.text.size() == 1);
  CHECK(stage.heard.text[0] == "Hello!");
  REQUIRE(stage.loop.run_next_delayed());
  CHECK(stage.heard.text.size() == 2);
  CHECK(stage.heard.done.empty());
  stage.loop.run_all();
  CHECK(stage.heard.done.size() == 1);
  for (const auto delay : stage.loop.delays) CHECK(delay == base::Milliseconds(7));
  CHECK(stage.loop.delays.size() == stage.heard.text.size());
}

TEST_CASE("without an interval nothing is delayed") {
  Stage stage(base::Duration::zero());
  stage.start(request_saying("hello"));
  CHECK(stage.heard.events == 0);
  stage.loop.run_due();
  CHECK(stage.loop.delays.empty());
  CHECK(stage.heard.done.size() == 1);
}

TEST_CASE("destroying the job stops it at once") {
  for (std::size_t steps = 0; steps < 5; ++steps) {
    CAPTURE(steps);
    Stage stage;
    stage.start(request_saying("hello"));
    if (steps > 0) stage.loop.run_due();
    for (std::size_t i = 1; i < steps; ++i) stage.loop.run_next_delayed();
    const std::size_t before = stage.heard.events;
    CHECK(before == steps);
    stage.job.reset();
    stage.loop.run_all();
    CHECK(stage.heard.events == before);
  }
}

TEST_CASE("a limit of tokens cuts the answer there") {
  for (const int limit : {0, 1, 3}) {
    CAPTURE(limit);
    Stage stage;
    auto request = request_saying("tell me a story");
    request.max_output_tokens = limit;
    stage.start(std::move(request));
    stage.loop.run_all();
    CHECK(stage.heard.text.size() == static_cast<std::size_t>(limit));
    REQUIRE(stage.heard.done.size() == 1);
    CHECK(stage.heard.done[0].finish == engine::LlmFinish::length);
    CHECK(stage.heard.done[0].output_tokens == limit);
  }
  Stage roomy;
  auto request = request_saying("hello");
  request.max_output_tokens = 6;  // just enough
  roomy.start(std::move(request));
  roomy.loop.run_all();
  CHECK(roomy.heard.done.at(0).finish == engine::LlmFinish::stop);
}

TEST_CASE("arguments stream in pieces that are whole characters") {
  Stage stage;
  auto request = request_saying("what is the weather in ääääääääääääääääää öüöüöüöüö");
  request.tools = {tool("get_weather", "Get the weather",
                        R"({"type":"object","properties":{"location":{"type":"string"}}})")};
  stage.start(std::move(request));
  stage.loop.run_all();
  REQUIRE(stage.heard.calls.size() == 1);
  CHECK(stage.heard.calls[0].name == "get_weather");
  CHECK(stage.heard.argument_deltas.size() > 3);
  for (const auto& delta : stage.heard.argument_deltas) CHECK(valid_utf8(delta));
  CHECK(contains(stage.heard.calls[0].arguments, "ääää"));
  CHECK(stage.heard.calls[0].arguments.front() == '{');
  CHECK(stage.heard.calls[0].arguments.back() == '}');
  CHECK(stage.heard.text.empty());
  CHECK(stage.heard.done.size() == 1);
}

TEST_CASE("two jobs of one engine do not disturb each other") {
  Stage one;
  Heard other;
  one.start(request_saying("spell cat"));
  const auto job = one.engine->start(request_saying("count to three"), one.loop,
                                     [&](const engine::LlmEvent& event) { other(event); });
  one.loop.run_all();
  CHECK(one.heard.whole_text() == "Cat is spelled: C, A, T.");
  CHECK(other.whole_text() == "1, 2, 3.");
}

}  // namespace
}  // namespace parley::providers::embedded
