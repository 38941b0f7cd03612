// SPDX-License-Identifier: MIT
// The engine behind chat completions: what its section may say, and a server that refuses
// parameters.
#include "providers/openai/chat_engine.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "net/server.h"
#include "tests/net/harness.h"
#include "tests/providers/remote/llm_run.h"

namespace parley::tests {
namespace {

config::EngineSection section(std::string provider, std::map<std::string, std::string> options) {
  return {"llm", "fast", std::move(provider), std::move(options), "parley.toml:7"};
}

std::string mistake(std::string provider, std::map<std::string, std::string> options) {
  const auto made = providers::openai::make_chat(section(std::move(provider), std::move(options)));
  return made ? std::string() : made.error().message;
}

TEST_CASE("each provider asks for what it cannot do without") {
  CHECK(mistake("openai", {{"api_key", "k"}}).empty());
  CHECK(mistake("openai", {}).find("llm.fast.api_key: is missing") != std::string::npos);
  CHECK(mistake("openai", {{"base_url", "http://127.0.0.1:1/v1"}}).empty());
  CHECK(mistake("ollama", {{"model", "llama3.2"}, {"keep_alive", "1h"}}).empty());
  CHECK(mistake("ollama", {}).find("model: is missing") != std::string::npos);
  CHECK(mistake("vllm", {}).find("model: is missing") != std::string::npos);
  CHECK(mistake("llamacpp", {}).empty());
  CHECK(mistake("azure_openai", {{"api_key", "k"}}).find("base_url: is missing") !=
        std::string::npos);
  CHECK(mistake("azure_openai", {{"base_url", "https://r.openai.azure.com"}, {"api_key", "k"}})
            .find("deployment: is missing") != std::string::npos);
}

TEST_CASE("mistakes in a chat section name the key") {
  const auto with = [](const char* key, const char* value) {
    return mistake("openai", {{"api_key", "k"}, {key, value}});
  };
  CHECK(with("extra_body", "[1]").find("must be a JSON object") != std::string::npos);
  CHECK(with("temperature", "3").find("not a number from 0 to 2") != std::string::npos);
  CHECK(with("max_tokens", "0").find("not a whole number from 1") != std::string::npos);
  CHECK(with("audio_input_format", "mp3").find("valid: input_audio, data_url, audio_url") !=
        std::string::npos);
  CHECK(with("keep_alive", "1h").find("unknown key") != std::string::npos);
}

// Refuses requests that hold one of the words, with that word in its message.
class Picky final : public net::ServerHandler {
 public:
  void on_request(net::EventLoop&, net::HttpRequest request,
                  std::shared_ptr<net::HttpResponder> responder) override {
    net::HttpResponse response;
    response.content_type = "text/event-stream";
    response.body =
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi.\"},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n";
    for (const auto& word : refused) {
      if (request.body.find("\"" + word + "\"") == std::string::npos) continue;
      response.status = 400;
      response.content_type = "application/json";
      response.body = R"({"error":{"message":"Unsupported parameter: ')" + word +
                      R"('","type":"invalid_request_error"}})";
      break;
    }
    requests.put(std::move(request));
    responder->respond(std::move(response));
  }
  net::UpgradeDecision on_upgrade(net::EventLoop&, const net::HttpRequest&) override { return {}; }
  void on_websocket(net::EventLoop&, const net::HttpRequest&,
                    std::shared_ptr<net::WebSocket>) override {}

  std::vector<std::string> refused;
  net::test::Mailbox<net::HttpRequest> requests;
};

TEST_CASE("a parameter that a server refuses is left out, from then on at once") {
  Picky picky;
  picky.refused = {"stream_options", "max_tokens", "temperature"};
  net::LoopPool loops(2);
  net::ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  const auto server = net::Server::create(loops, picky, options);
  REQUIRE(server.has_value());
  loops.start();
  {
    const auto engine = providers::openai::make_chat(section(
        "openai", {{"base_url", "http://" + (*server)->addresses()[0] + "/v1"}, {"model", "m"}}));
    REQUIRE(engine.has_value());
    engine::LlmRequest request;
    request.instructions = "Be brief.";
    request.max_output_tokens = 20;
    request.temperature = 0.5;
    for (const int tries : {4, 1}) {
      LlmRun run(loops.at(0), **engine, request);
      CHECK(run.finish() == "Hi. | stop");
      net::HttpRequest last;
      for (int i = 0; i < tries; ++i) last = picky.requests.take();
      CHECK(picky.requests.empty());
      CHECK(last.target == "/v1/chat/completions");
      CHECK(last.body.find("\"max_completion_tokens\":20") != std::string::npos);
    }
    // One that cannot be left out stays refused.
    picky.refused = {"messages"};
    LlmRun run(loops.at(0), **engine, request);
    CHECK(run.finish() ==
          "failure: llm.fast refused the request (HTTP 400): Unsupported parameter: 'messages'");
    picky.requests.take();
    CHECK(picky.requests.empty());
  }
  loops.stop_and_join();
}

}  // namespace
}  // namespace parley::tests
