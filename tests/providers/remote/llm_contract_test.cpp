// SPDX-License-Identifier: MIT
// What every provider of a language model keeps, against the fakes: the same table of answers,
// faults and cancellations for all of them. Real servers are asked too when the environment names
// them: PARLEY_REAL_OPENAI_URL, _KEY and _MODEL, and so on for every provider.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/providers/remote/fakes.h"
#include "tests/providers/remote/llm_bench.h"
#include "tests/providers/remote/llm_run.h"

namespace parley::tests {
namespace {

using engine::Failure;
using engine::FailureKind;
using engine::LlmRequest;
using nlohmann::json;

const std::vector<Peer>& peers() {
  static const std::vector<Peer> all = {
      {"openai", "openai.chat", "/openai/v1"},
      {"openai_responses", "openai.responses", "/openai/v1"},
      {"azure_openai", "azure.chat", "/azure", {{"deployment", "d"}}},
      {"azure_openai",
       "azure.chat",
       "/azure",
       {{"deployment", "d"}, {"api_version", "2024-10-21"}}},
      {"openai_responses", "azure.responses", "/azure/openai/v1", {{"auth", "api-key"}}},
      {"ollama", "ollama.chat", "/ollama/v1"},
      {"llamacpp", "llamacpp.chat", "/llamacpp/v1"},
      {"vllm", "vllm.chat", "/vllm/v1"},
      {"anthropic", "anthropic.messages", "/anthropic"},
  };
  return all;
}

TEST_CASE("an answer streams, with its figures, over a connection that is used again") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    LlmRun run(bench.loop(), *engine, asking("hi"));
    const std::string told = run.finish();
    CHECK(told.starts_with("You said: hi | stop "));
    CHECK(told.find("-1") == std::string::npos);  // all figures are known
    fakes.wait(peer.fake, "complete");
    CHECK(turn(bench, *engine) == "You said: hi | stop");
    const json seen = fakes.wait(peer.fake, "complete", 2);
    CHECK(seen[0]["authorized"] == true);
    CHECK(seen[0]["connection"] == seen[1]["connection"]);
  }
}

TEST_CASE("calls come in parallel, and their results go back") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    fakes.script(peer.fake, {{"times", 1},
                             {"tool_calls", json::parse(R"([{"name":"now","arguments":{"tz":"UTC"}},
                                                 {"name":"day","arguments":{}}])")}});
    LlmRequest request = asking("time?");
    request.tools = {{"now", "The time.", {R"({"type":"object","properties":{}})"}},
                     {"day", "The day.", {}}};
    const std::string told = turn(bench, *engine, request);
    CHECK(told.starts_with("now#"));
    CHECK(told.find(R"(({"tz":"UTC"}) | day#)") != std::string::npos);
    CHECK(told.ends_with("({}) | stop"));
    request.history.insert(
        request.history.end(),
        {engine::ToolCall{"c1", "now", R"({"tz":"UTC"})"}, engine::ToolCall{"c2", "day", "{}"},
         engine::ToolResult{"c2", "Monday"}, engine::ToolResult{"c1", "12:00"}});
    CHECK(turn(bench, *engine, request).ends_with("| stop"));
    CHECK(fakes.requests(peer.fake).back()["status"] == 200);
  }
}

TEST_CASE("line ends, comments and slow drips change nothing") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    json manner = {{"crlf", true}, {"text", "Grüße, 你好!"}};
    const bool commented = std::string(peer.provider) != "openai_responses";
    if (commented) manner["comments"] = true;
    fakes.script(peer.fake, manner);
    fakes.fault(peer.fake, "slow_drip", {{"bytes", 13}, {"every_ms", 0}});
    CHECK(turn(bench, *engine) == "Grüße, 你好! | stop");
    CHECK(turn(bench, *engine) == "Grüße, 你好! | stop");
  }
}

TEST_CASE("a connection that dies unused is replaced in silence, a fresh one is not") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    fakes.fault(peer.fake, "refuse");
    CHECK(turn(bench, *engine).starts_with("failure: llm.mine broke off its answer"));
    CHECK(turn(bench, *engine) == "You said: hi | stop");
    fakes.fault(peer.fake, "refuse", {{"only_reused", true}});
    CHECK(turn(bench, *engine) == "You said: hi | stop");
  }
}

struct StatusCase {
  const char* kind;
  std::set<FailureKind> means;
  int tries;  // with one retry allowed
};

TEST_CASE("every refusal is told in the engine's name, tried again only where that may help") {
  const std::vector<StatusCase> cases = {
      {"400", {FailureKind::invalid_request}, 1},
      {"401", {FailureKind::auth}, 1},
      {"403", {FailureKind::auth}, 1},
      {"404", {FailureKind::not_found}, 1},
      {"408", {FailureKind::timeout, FailureKind::unavailable}, 2},
      {"429", {FailureKind::rate_limited}, 2},
      {"500", {FailureKind::unavailable}, 2},
      {"503", {FailureKind::overloaded, FailureKind::unavailable}, 2},
      {"quota", {FailureKind::quota, FailureKind::rate_limited, FailureKind::auth}, 0},
  };
  for (const auto& peer : peers()) {
    for (const auto& c : cases) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(c.kind));
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      fakes.fault(peer.fake, c.kind, {{"times", 2}, {"retry_after_ms", 1}});
      LlmRun run(bench.loop(), *engine, asking("hi"));
      run.finish();
      REQUIRE(run.failure() != nullptr);
      CHECK(c.means.count(run.failure()->kind) == 1);
      CHECK(run.failure()->message.starts_with("llm.mine "));
      CHECK(run.failure()->message.find(kKey) == std::string::npos);
      if (c.tries > 0) CHECK(fakes.requests(peer.fake).size() == static_cast<std::size_t>(c.tries));
    }
  }
}

TEST_CASE("a moment's trouble is hidden by trying again") {
  for (const auto& peer : peers()) {
    for (const char* kind : {"429", "500", "503", "refuse"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(kind));
      Fakes fakes;
      Bench bench;
      const auto engine = bench.make(peer);
      json manner = json::object();
      if (std::string(kind) != "refuse") manner["retry_after_ms"] = 1;
      fakes.fault(peer.fake, kind, manner);
      CHECK(turn(bench, *engine) == "You said: hi | stop");
      CHECK(fakes.requests(peer.fake).size() == 2);
    }
  }
}

struct FaultCase {
  const char* kind;
  std::set<FailureKind> means;
  bool in_stream;  // strikes after some pieces
};

TEST_CASE("every fault at every stage ends the turn with a reason, and the next turn works") {
  using enum FailureKind;
  const std::vector<FaultCase> cases = {
      {"stall_headers", {timeout}, false},
      {"html_200", {protocol}, false},
      {"redirect", {protocol}, false},
      {"garbage_headers", {protocol, unavailable}, false},
      {"empty", {unavailable}, false},
      {"stall_body", {timeout}, true},
      {"truncate", {unavailable}, true},
      {"reset", {unavailable}, true},
      {"garbage", {protocol}, true},
      {"early_close", {unavailable}, true},
      {"error", {unavailable, overloaded}, true},
  };
  for (const auto& peer : peers()) {
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer, {{"retries", "0"}});
    for (const auto& c : cases) {
      for (int at = 1; at <= (c.in_stream ? 4 : 1); ++at) {
        CAPTURE(std::string(peer.fake));
        CAPTURE(std::string(c.kind));
        CAPTURE(at);
        fakes.script(
            peer.fake,
            {{"times", 1}, {"text", "One two three four five six seven."}, {"chunk_chars", 5}});
        fakes.fault(peer.fake, c.kind, c.in_stream ? json{{"at", at}} : json::object());
        const bool stalls = c.means.count(timeout) != 0;
        // A hasty engine of its own for each stall: nothing else should be hurried.
        const auto hasty = bench.make(
            peer, {{"retries", "0"}, {"first_byte_timeout_ms", "300"}, {"idle_timeout_ms", "150"}});
        LlmRun run(bench.loop(), stalls ? *hasty : *engine, asking("hi"));
        const std::string told = run.finish();
        CAPTURE(told);
        REQUIRE(run.failure() != nullptr);
        CHECK(c.means.count(run.failure()->kind) == 1);
        CHECK(run.failure()->code == "server_error");
        CHECK(run.failure()->message.starts_with("llm.mine "));
        CHECK(run.failure()->message.find(kKey) == std::string::npos);
        CHECK_FALSE(run.broke_the_rules());
        fakes.wait(peer.fake, "idle");
        // What a fault that struck before the script was taken left behind is said now.
        const std::string next = turn(bench, *engine);
        CHECK(next.ends_with(" | stop"));
      }
    }
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("a cancelled request is closed upstream at once, in every phase") {
  for (const auto& peer : peers()) {
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    int cancelled = 0;
    const auto closed = [&] {
      const json seen = fakes.wait(peer.fake, "closed_by_client", ++cancelled);
      return seen.back()["ended"] == "closed_by_client";
    };
    CAPTURE(std::string(peer.fake));
    fakes.fault(peer.fake, "stall_headers");
    {
      LlmRun run(bench.loop(), *engine, asking("hi"));
      fakes.wait(peer.fake, "received");
      run.cancel();
      CHECK(closed());
    }
    for (const int at : {1, 2, 4}) {
      CAPTURE(at);
      fakes.fault(peer.fake, "hold", {{"at", at}});
      LlmRun run(bench.loop(), *engine, asking("hi"));
      fakes.wait(peer.fake, "answering", cancelled);
      run.cancel();
      CHECK(closed());
      CHECK_FALSE(run.broke_the_rules());
    }
    CHECK(turn(bench, *engine) == "You said: hi | stop");
  }
}

TEST_CASE("a request cancelled before it began leaves nothing behind") {
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(peer);
    {
      LlmRun run(bench.loop(), *engine, asking("hi"));
      run.cancel();
    }
    CHECK(turn(bench, *engine) == "You said: hi | stop");
    fakes.wait(peer.fake, "idle");
  }
}

TEST_CASE("an engine that does not listen, or says nothing, is told as such") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  for (const auto& peer : peers()) {
    for (const char* place : {"refused", "silent"}) {
      CAPTURE(std::string(peer.fake));
      CAPTURE(std::string(place));
      const auto engine =
          bench.make(peer, {{"base_url", "http://" + places[place].get<std::string>()},
                            {"first_byte_timeout_ms", "200"},
                            {"retries", "0"}});
      const std::string told = turn(bench, *engine);
      const bool refused = std::string(place) == "refused";
      CHECK(told.starts_with(refused ? "failure: llm.mine cannot be reached"
                                     : "failure: llm.mine took too long to begin its answer"));
    }
  }
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("parley-test-" + std::to_string(base::random_seed()))) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

TEST_CASE("a certificate must be signed by somebody known, for this host") {
  Fakes fakes;
  Bench bench;
  const json places = fakes.addresses();
  if (places["https"].is_null()) return;  // the fakes were started without --tls
  const TemporaryFile authority(places["ca_pem"]);
  const std::string ca = authority.path();
  for (const auto& peer : peers()) {
    CAPTURE(std::string(peer.fake));
    const auto with = [&](const char* place, const Options& more) {
      Options options = more;
      options["base_url"] = places[place].get<std::string>() + peer.path;
      options["retries"] = "0";
      const auto engine = bench.make(peer, options);
      return turn(bench, *engine);
    };
    CHECK(with("https", {{"ca_file", ca}}) == "You said: hi | stop");
    CHECK(with("https", {{"tls_verify", "false"}}) == "You said: hi | stop");
    CHECK(with("https", {}).starts_with("failure: llm.mine cannot be reached securely"));
    CHECK(with("https_wrong_host", {{"ca_file", ca}})
              .starts_with("failure: llm.mine cannot be reached securely"));
  }
}

TEST_CASE("a thousand turns need one connection and leave nothing open") {
  for (const char* fake : {"openai.chat", "anthropic.messages"}) {
    CAPTURE(std::string(fake));
    const auto& all = peers();
    const auto peer = std::find_if(all.begin(), all.end(),
                                   [&](const Peer& p) { return p.fake == std::string(fake); });
    Fakes fakes;
    Bench bench;
    const auto engine = bench.make(*peer);
    std::set<int> connections;
    for (int i = 0; i < 1000; ++i) {
      LlmRun run(bench.loop(), *engine, asking("hi"));
      run.finish();
      REQUIRE(run.failure() == nullptr);
    }
    for (const auto& seen : fakes.wait(fake, "complete", 1000)) {
      connections.insert(seen["connection"].get<int>());
    }
    CHECK(connections.size() == 1);
    fakes.wait(fake, "idle");
  }
}

TEST_CASE("after five failures in a row the engine is left alone, and tried again later") {
  const Peer& peer = peers().front();
  Fakes fakes;
  Bench bench;
  const auto engine = bench.make(peer, {{"retries", "0"}});
  fakes.fault(peer.fake, "500", {{"times", 5}});
  for (int i = 0; i < 5; ++i) turn(bench, *engine);
  const std::string told = turn(bench, *engine);
  CHECK(told.find("llm.mine is left alone for 1 s, because it failed (HTTP 500)") !=
        std::string::npos);
  CHECK(fakes.requests(peer.fake).size() == 5);
  // So short a pause is waited for when it was asked for, and retries are allowed.
  const auto patient = bench.make(peer, {{"retries", "1"}});
  fakes.fault(peer.fake, "429", {{"times", 2}, {"retry_after_ms", 50}});
  CHECK(turn(bench, *patient).find("asks for fewer requests") != std::string::npos);
  CHECK(turn(bench, *patient) == "You said: hi | stop");
}

TEST_CASE("real servers hold the same conversation") {
  for (const auto& peer : peers()) {
    std::string prefix = "PARLEY_REAL_" + std::string(peer.provider);
    for (char& c : prefix) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const char* url = std::getenv((prefix + "_URL").c_str());
    if (url == nullptr) continue;
    CAPTURE(peer.provider);
    const char* key = std::getenv((prefix + "_KEY").c_str());
    const char* model = std::getenv((prefix + "_MODEL").c_str());
    Bench bench;
    Options options = {{"base_url", url}, {"api_key", key == nullptr ? "" : key}};
    options[peer.options.count("deployment") != 0 ? "deployment" : "model"] =
        model == nullptr ? "m" : model;
    const auto engine = bench.make(peer, options);
    CHECK(turn(bench, *engine, asking("Say the word hello.")).ends_with(" | stop"));
    LlmRun run(bench.loop(), *engine, asking("Count from one to a hundred."));
    run.next();
    run.cancel();
    CHECK_FALSE(run.broke_the_rules());
  }
}

}  // namespace
}  // namespace parley::tests
