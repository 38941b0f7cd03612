// SPDX-License-Identifier: MIT
// What goes wrong, at every stage: the client is told in one error event that names the engine and
// no key, its open responses end, the connection closes, and the next session works.
#include <doctest/doctest.h>

#include <set>

#include "tests/providers/remote/fakes.h"
#include "tests/relay/relay_bench.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using Keys = std::map<std::string, std::string>;

constexpr int kInternalError = 1011;
constexpr int kTryAgainLater = 1013;

// The events of a session that failed: one error of ours, and every response ended.
void check_failed(RelayClient& client, const std::vector<json>& events) {
  int errors = 0;
  std::set<std::string> open;
  for (const json& event : events) {
    const std::string type = event["type"];
    if (type == "error" && event["error"]["type"] == "server_error") {
      ++errors;
      CHECK(event["error"]["message"].get<std::string>().starts_with("s2s.test "));
      CHECK(event["error"]["code"] != "invalid_api_key");
      CHECK(event["event_id"].get<std::string>().starts_with("event_"));
    }
    if (type == "response.created") open.insert(event["response"]["id"].get<std::string>());
    if (type != "response.done") continue;
    CHECK(event["response"]["status"] == "failed");
    const json& reason = event["response"]["status_details"]["error"];
    CHECK(reason["message"].get<std::string>().find("s2s.test") != std::string::npos);
    CHECK(event["response"]["usage"]["total_tokens"] == 0);
    open.erase(event["response"]["id"].get<std::string>());
  }
  CHECK(errors == 1);
  CHECK(open.empty());
  CHECK(client.heard().find("test-key") == std::string::npos);
}

// One turn, to its end.
void check_works(RelayBench& bench) {
  RelayClient client = bench.client();
  client.say({{"type", "response.create"}});
  CHECK(client.await("response.done")["response"]["status"] == "completed");
  client.leave();
  CHECK(bench.closed().detail.empty());
}

struct HandshakeFault {
  std::string kind;
  int close_code;
};

}  // namespace

TEST_CASE("an upstream that refuses the connection ends the session clearly, and not the next") {
  const HandshakeFault faults[] = {{"refuse", kTryAgainLater},
                                   {"401", kInternalError},
                                   {"403", kInternalError},
                                   {"404", kInternalError},
                                   {"429", kTryAgainLater},
                                   {"500", kTryAgainLater},
                                   {"503", kTryAgainLater},
                                   {"quota", kInternalError},
                                   {"redirect", kInternalError},
                                   {"html_200", kInternalError},
                                   {"garbage_headers", kTryAgainLater}};
  for (const RelayPair& pair : relay_pairs()) {
    for (const auto& [kind, close_code] : faults) {
      CAPTURE(pair.what);
      CAPTURE(kind);
      Fakes fakes;
      fakes.fault(pair.fake, kind);
      RelayBench bench;
      bench.set_up(pair);
      RelayClient client = bench.client();
      const auto events = client.to_the_end();
      check_failed(client, events);
      // Azure has no word for a used-up quota: it asks for fewer requests.
      const bool busy = kind == "quota" && pair.provider == std::string("azure_openai");
      CHECK(client.code() == (busy ? kTryAgainLater : close_code));
      CHECK(client.reason().find("s2s") == std::string::npos);
      CHECK(bench.closed().detail.starts_with("s2s.test "));
      bench.set_up(pair);  // a breaker of its own
      check_works(bench);
      fakes.wait("*", "no_sockets");
    }
  }
}

TEST_CASE("an upstream that is not there, silent or not what it claims is told apart") {
  Fakes fakes;
  const json at = fakes.addresses();
  const auto url = [&](const char* scheme, const char* where) {
    return std::string(scheme) + "://" + at[where].get<std::string>() + "/v1";
  };
  struct Case {
    std::string base_url;
    const char* says;
  };
  const Case cases[] = {
      {url("http", "refused"), "cannot be reached"},
      {url("http", "silent"), "took too long to connect"},
      {url("https", "not_tls"), "cannot be reached securely"},
      {url("https", "silent"), "took too long to connect"},
      {at["https"].get<std::string>() + "/openai/v1", "cannot be reached securely"},
      {"http://no-such-host.invalid/v1", "cannot be found"},
  };
  for (const auto& [base_url, says] : cases) {
    CAPTURE(base_url);
    RelayBench bench;
    Keys keys = {{"base_url", base_url}};
    if (base_url.find(at["silent"].get<std::string>()) != std::string::npos) {
      keys["connect_timeout_ms"] = "300";
    }
    bench.set_up(relay_pairs()[0], keys);
    RelayClient client = bench.client();
    const auto events = client.to_the_end();
    check_failed(client, events);
    CHECK(events.at(0)["error"]["message"].get<std::string>().find(says) != std::string::npos);
    CHECK(client.code() == kTryAgainLater);
  }
}

TEST_CASE("with its certificate trusted, an upstream behind TLS is reached") {
  Fakes fakes;
  const json at = fakes.addresses();
  RelayBench bench;
  bench.set_up(relay_pairs()[0], {{"base_url", at["https"].get<std::string>() + "/openai/v1"},
                                  {"tls_verify", "false"}});
  check_works(bench);
}

TEST_CASE(
    "an upstream that breaks off is told of clearly, at every stage, and the session goes on") {
  // Pieces are the upstream's messages: the first is session.created, the third response.created,
  // the eighth is in the middle of the answer.
  for (const RelayPair& pair : relay_pairs()) {
    for (const int at : {1, 3, 8}) {
      for (const std::string kind :
           {"truncate", "reset", "garbage", "early_close", "error", "stall_body"}) {
        CAPTURE(pair.what);
        CAPTURE(at);
        CAPTURE(kind);
        Fakes fakes;
        fakes.script(pair.fake, {{"text", "An answer that is long enough to be broken off."}});
        fakes.fault(pair.fake, kind, {{"at", at}});
        RelayBench bench;
        Keys keys;
        if (kind == "stall_body")
          keys = {{"idle_timeout_ms", "300"}, {"first_byte_timeout_ms", "300"}};
        bench.set_up(pair, keys);
        RelayClient client = bench.client();
        client.say({{"type", "response.create"}});
        auto events = client.until("error");
        // The end of what was open follows at once, before anything that a new connection brings.
        client.say({{"type", "input_audio_buffer.clear"}});
        for (auto& event : client.until("input_audio_buffer.cleared")) events.push_back(event);
        check_failed(client, events);
        client.say({{"type", "response.create"}});
        CHECK(client.await("response.done")["response"]["status"] == "completed");
        CHECK(client.heard().find("test-key") == std::string::npos);
        client.leave();
        CHECK(bench.closed().detail.empty());
        fakes.wait("*", "no_sockets");
      }
    }
  }
}

TEST_CASE("an upstream that does not come back ends the session clearly") {
  for (const RelayPair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.fault(pair.fake, "reset", {{"at", 3}});
    fakes.fault(pair.fake, "401", {{"times", 0}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say({{"type", "response.create"}});
    const auto events = client.to_the_end();
    CHECK(events.back()["error"]["message"].get<std::string>().find("refused the key") !=
          std::string::npos);
    CHECK(client.code() == kInternalError);
    CHECK(bench.closed().detail.starts_with("s2s.test "));
  }
}

TEST_CASE("an upstream that only just could not be reached is tried again, unseen") {
  for (const std::string kind : {"refuse", "429", "500", "503", "empty"}) {
    CAPTURE(kind);
    Fakes fakes;
    fakes.fault("openai.realtime", kind);
    RelayBench bench;
    bench.set_up(relay_pairs()[0], {{"retries", "1"}});
    check_works(bench);
    CHECK(fakes.requests("openai.realtime").size() == 2);
  }
}

TEST_CASE("an upstream that says nothing, or goes at once, has not begun a session") {
  for (const RelayPair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.fault(pair.fake, "empty");
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    const auto events = client.to_the_end();
    check_failed(client, events);
    CHECK(client.code() == kTryAgainLater);
    CHECK(bench.closed().detail.starts_with("s2s.test "));
    check_works(bench);
  }
}

TEST_CASE("a key that the upstream refuses in band is our fault, not the client's") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0], {{"api_key", "wrong-key"}});
  RelayClient client = bench.client();
  const auto events = client.to_the_end();
  check_failed(client, events);
  CHECK(events.size() == 1);
  CHECK(events[0]["error"]["message"].get<std::string>().find("refused the key") !=
        std::string::npos);
  CHECK(client.code() == kInternalError);
  CHECK(client.heard().find("wrong-key") == std::string::npos);
}

TEST_CASE("a model or a dialect that the upstream does not have is told with the engine's name") {
  Fakes fakes;
  for (const Keys& keys : {Keys{{"model", "nope"}}, Keys{{"dialect", "beta"}}}) {
    RelayBench bench;
    bench.set_up(relay_pairs()[0], keys);
    RelayClient client = bench.client();
    const auto events = client.to_the_end();
    check_failed(client, events);
    CHECK(events.size() == 1);
    CHECK(client.code() == kInternalError);
  }
}

TEST_CASE("an upstream whose session's time is over says so to the client") {
  for (const RelayPair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.fault(pair.fake, "error", {{"at", 1}, {"reason", "session_expired"}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say({{"type", "response.create"}});
    const auto events = client.to_the_end();
    CHECK(events.back()["error"]["code"] == "session_expired");
    CHECK(client.code() == 1001);
  }
}

TEST_CASE("a response that failed upstream names the engine, and the session goes on") {
  for (const RelayPair& pair : relay_pairs()) {
    CAPTURE(pair.what);
    Fakes fakes;
    fakes.script(pair.fake, {{"failed", "rate_limit_exceeded"}, {"times", 1}});
    RelayBench bench;
    bench.set_up(pair);
    RelayClient client = bench.client();
    client.say({{"type", "response.create"}});
    const json error = client.await("response.done")["response"]["status_details"]["error"];
    CHECK(error["code"] == "rate_limit_exceeded");
    CHECK(error["message"].get<std::string>().starts_with("s2s.test "));
    client.say({{"type", "input_audio_buffer.clear"}});
    client.await("input_audio_buffer.cleared");
    client.leave();
    CHECK(bench.closed().counters.responses_failed == 1);
  }
}

TEST_CASE("while an upstream is known to be down, sessions are told at once") {
  Fakes fakes;
  fakes.fault("openai.realtime", "429", {{"retry_after", 30}});
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  RelayClient first = bench.client();
  first.to_the_end();
  RelayClient second = bench.client();
  const auto events = second.to_the_end();
  check_failed(second, events);
  CHECK(events.at(0)["error"]["code"] == "rate_limit_exceeded");
  CHECK(second.code() == kTryAgainLater);
  CHECK(fakes.requests("openai.realtime").size() == 1);
}

TEST_CASE("a session ends when its time is over") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  bench.setup.duration_max = std::chrono::milliseconds(300);
  RelayClient client = bench.client();
  const auto events = client.to_the_end();
  CHECK(events.back()["error"]["code"] == "session_expired");
  CHECK(client.code() == 1001);
  fakes.wait("*", "no_sockets");
}

TEST_CASE("a client that sends too much before the upstream is there is closed") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0],
               {{"base_url", "http://" + fakes.addresses()["silent"].get<std::string>() + "/v1"}});
  bench.setup.pending_bytes_max = 100'000;
  RelayClient client = bench.client();
  const std::string audio(60'000, 'A');
  for (int i = 0; i < 3; ++i) client.say({{"type", "input_audio_buffer.append"}, {"audio", audio}});
  client.to_the_end();
  CHECK(client.code() == 1008);
  fakes.wait("*", "no_sockets");
}

TEST_CASE("a client that reads too slowly is closed, and its upstream with it") {
  Fakes fakes;
  fakes.script("openai.realtime", {{"text", std::string(400, 'a')}});
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  bench.setup.send_queue_bytes_max = 4096;
  RelayClient client = bench.client();
  client.say({{"type", "response.create"}});
  client.to_the_end();
  CHECK(client.code() == 1008);
  CHECK(bench.closed().detail == "the client reads too slowly");
  fakes.wait("*", "no_sockets");
}

TEST_CASE("an upstream that reads too slowly has failed, and is connected anew") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  bench.setup.upstream_queue_bytes_max = 4096;
  RelayClient client = bench.client();
  client.await("session.created");
  client.say({{"type", "input_audio_buffer.append"}, {"audio", std::string(1U << 20U, 'A')}});
  const json error = client.await("error")["error"];
  CHECK(error["message"] == "s2s.test reads too slowly");
  client.say({{"type", "response.create"}});
  CHECK(client.await("response.done")["response"]["status"] == "completed");
}

TEST_CASE("the server can end a session, and the upstream's ends with it") {
  Fakes fakes;
  RelayBench bench;
  bench.set_up(relay_pairs()[0]);
  RelayClient client = bench.client();
  client.await("session.created");
  bench.with_session([](relay::RelaySession& session) {
    session.close(net::CloseCode::going_away, "the server is stopping");
  });
  client.to_the_end();
  CHECK(client.code() == 1001);
  fakes.wait("openai.realtime", "closed_by_client");
  fakes.wait("*", "no_sockets");
}

}  // namespace parley::tests
