// SPDX-License-Identifier: MIT
#include "cli/checkup.h"

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "engine/ports.h"
#include "net/websocket.h"
#include "providers/registry.h"
#include "providers/remote/remote_call.h"
#include "relay/upstream.h"

namespace parley::cli {

namespace {

namespace remote = providers::remote;

constexpr base::Duration kPatience = std::chrono::seconds(60);

engine::Failure gave_up(std::string what) {
  return {"server_error", std::move(what), engine::FailureKind::timeout};
}
engine::Failure misconfigured(const base::Error& error) {
  return {"server_error", error.message, engine::FailureKind::invalid_request};
}

// One job from its start to its last event. Lives on the loop.
template <class Event>
class Task {
 public:
  explicit Task(net::EventLoop& loop) : loop_(loop), began_(loop.now()) {}

  // True with the last event.
  template <class Last>
  bool take(const Event& event) {
    if (const auto* failure = std::get_if<engine::Failure>(&event)) {
      checkup_.failure = *failure;
    } else if (!checkup_.first_byte) {
      checkup_.first_byte = loop_.now() - began_;
    }
    checkup_.whole = loop_.now() - began_;
    return std::holds_alternative<engine::Failure>(event) || std::holds_alternative<Last>(event);
  }
  const Checkup& checkup() const { return checkup_; }

 private:
  net::EventLoop& loop_;
  const base::Instant began_;
  Checkup checkup_;
};

// Runs one job of `engine` on the loop and waits for its end. `begin(sink)` starts it.
template <class Event, class Last, class Job, class Begin>
Checkup run(net::EventLoop& loop, Begin begin) {
  std::promise<Checkup> done;
  auto outcome = done.get_future();
  auto job = std::make_shared<std::unique_ptr<Job>>();
  loop.post([&] {
    auto task = std::make_shared<Task<Event>>(loop);
    *job = begin([task, &done, ended = false](Event event) mutable {
      if (ended || !task->template take<Last>(event)) return;
      ended = true;
      done.set_value(task->checkup());
    });
  });
  Checkup result;
  if (outcome.wait_for(kPatience) == std::future_status::ready) {
    result = outcome.get();
  } else {
    result.failure = gave_up("no end of the answer within a minute");
  }
  // The job ends on its loop, before what its sink refers to.
  std::promise<void> gone;
  loop.post([&] {
    job->reset();
    gone.set_value();
  });
  gone.get_future().wait();
  return result;
}

template <class Engine>
Checkup failed(const base::Result<std::unique_ptr<Engine>>& made) {
  return {misconfigured(made.error()), {}, {}};
}

Checkup check_stt(const config::EngineSection& section, net::EventLoop& loop,
                  providers::embedded::WorkerPool& pool) {
  const auto made = providers::make_stt(section, pool);
  if (!made) return failed(made);
  return run<engine::SttEvent, engine::SttFinal, engine::SttJob>(
      loop, [&](engine::Sink<engine::SttEvent> sink) {
        auto job = (*made)->start({}, loop, std::move(sink));
        const std::vector<std::int16_t> second(engine::kHearingRateHz, 0);
        job->push(second);
        job->finish();
        return job;
      });
}

Checkup check_llm(const config::EngineSection& section, net::EventLoop& loop,
                  providers::embedded::WorkerPool& pool) {
  const auto made = providers::make_llm(section, pool);
  if (!made) return failed(made);
  return run<engine::LlmEvent, engine::LlmDone, engine::LlmJob>(
      loop, [&](engine::Sink<engine::LlmEvent> sink) {
        engine::LlmRequest request;
        request.instructions = "Answer with one word.";
        engine::Utterance hello;
        hello.text = "Hello.";
        request.history.emplace_back(std::move(hello));
        request.max_output_tokens = 16;
        return (*made)->start(std::move(request), loop, std::move(sink));
      });
}

Checkup check_tts(const config::EngineSection& section, net::EventLoop& loop,
                  providers::embedded::WorkerPool& pool) {
  const auto made = providers::make_tts(section, pool);
  if (!made) return failed(made);
  return run<engine::TtsEvent, engine::TtsDone, engine::TtsJob>(
      loop, [&](engine::Sink<engine::TtsEvent> sink) {
        return (*made)->start({"Hello.", "alloy", 1.0}, loop, std::move(sink));
      });
}

// Opens a session of the upstream and waits for what it says first.
Checkup check_s2s(const config::EngineSection& section, net::EventLoop& loop) {
  Checkup result;
  const auto upstream = relay::read_upstream(section);
  if (!upstream) return {misconfigured(upstream.error()), {}, {}};
  struct Visit {
    std::promise<Checkup> done;
    bool told = false;
    void tell(Checkup checkup) {
      if (!std::exchange(told, true)) done.set_value(std::move(checkup));
    }
  };
  const auto visit = std::make_shared<Visit>();
  auto outcome = visit->done.get_future();
  loop.post([&loop, visit, upstream = *upstream] {
    net::WebSocketClientOptions options;
    options.url = upstream->url;
    options.headers = upstream->headers;
    options.subprotocols = {"realtime"};
    options.tls = upstream->endpoint.tls;
    const base::Instant began = loop.now();
    net::connect_websocket(
        loop, std::move(options), [&loop, visit, began, upstream](auto connected) {
          if (!connected) {
            return visit->tell(
                {remote::failure_of_connect(upstream->endpoint, connected.error()), {}, {}});
          }
          const std::shared_ptr<net::WebSocket> socket = *connected;
          socket->start({
              .on_text =
                  [&loop, visit, began, socket](std::string_view) {
                    visit->tell({{}, loop.now() - began, loop.now() - began});
                    socket->close(net::CloseCode::normal, "");
                  },
              .on_binary = [](std::string_view) {},
              .on_closed =
                  [visit, upstream](int code, std::string_view reason) {
                    const std::string what =
                        "closed with " + std::to_string(code) + " " + std::string(reason);
                    visit->tell({remote::make_failure(upstream->endpoint,
                                                      engine::FailureKind::unavailable, what),
                                 {},
                                 {}});
                  },
          });
        });
  });
  if (outcome.wait_for(kPatience) == std::future_status::ready) return outcome.get();
  result.failure = gave_up("no session within a minute");
  return result;
}

}  // namespace

std::string advice(const config::EngineSection& section, engine::FailureKind kind) {
  using enum engine::FailureKind;
  const std::string where = "[" + section.kind + "." + section.name + "]";
  switch (kind) {
    case unavailable:
      return "is it running, and is base_url of " + where + " its address?";
    case protocol:
      return "is base_url of " + where + " the address of a server that provider names?";
    case timeout:
      return "is it overloaded, or still loading its model? Then raise first_byte_timeout_ms of " +
             where;
    case auth:
      return "it is reachable; give it the right api_key in " + where;
    case quota:
      return "it is reachable and knows the key; see to the account's credit";
    case rate_limited:
    case overloaded:
      return "it is reachable; try again later, or name another engine as its fallback";
    case not_found:
      return "it is reachable; are model, voice, deployment and base_url of " + where + " right?";
    case invalid_request:
    case content_filter:
      break;
  }
  return {};
}

Checkup check_engine(const config::EngineSection& section, net::EventLoop& loop,
                     providers::embedded::WorkerPool& pool) {
  if (section.kind == "stt") return check_stt(section, loop, pool);
  if (section.kind == "llm") return check_llm(section, loop, pool);
  if (section.kind == "s2s") return check_s2s(section, loop);
  return check_tts(section, loop, pool);
}

}  // namespace parley::cli
