// SPDX-License-Identifier: MIT
// The MCP client against a server of our own making, over real HTTP.
#include "providers/mcp/http_client.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "net/server.h"
#include "providers/mcp/message.h"

namespace parley::tests {
namespace {

using engine::McpEvent;
using engine::McpFaultKind;
using Json = nlohmann::json;

// A server with two pages of tools. Its loop is the clients' loop, so the test needs no thread.
class Server final : public net::ServerHandler {
 public:
  Server() {
    net::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    auto created = net::Server::create(pool, *this, options);
    REQUIRE(created);
    server_ = std::move(*created);
  }

  void on_request(net::EventLoop&, net::HttpRequest request,
                  std::shared_ptr<net::HttpResponder> responder) override {
    methods.push_back(request.method);
    net::HttpResponse response;
    if (request.method == "DELETE") {
      ended_session = request.header("Mcp-Session-Id");
      responder->respond(response);
      if (on_delete) on_delete();
      return;
    }
    const Json message = Json::parse(request.body);
    asked.push_back(message.at("method"));
    authorization = request.header("Authorization");
    if (message.at("method") != "initialize") {
      CHECK(request.header("Mcp-Session-Id") == "s-1");
      CHECK(request.header("MCP-Protocol-Version") == "2025-06-18");
    }
    if (status != 200) {
      response.status = status;
    } else if (!message.contains("id")) {
      response.status = 202;
    } else {
      response.headers = {{"Mcp-Session-Id", "s-1"}};
      const Json answer = {
          {"jsonrpc", "2.0"}, {"id", message.at("id")}, {"result", result_of(message)}};
      response.body = garbage ? "{" : answer.dump();
      if (stream) {
        response.content_type = "text/event-stream";
        response.body =
            ": hello\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n"
            "event: message\ndata: " +
            response.body + "\n\n";
      }
    }
    if (!stream || response.status != 200) return responder->respond(std::move(response));
    responder->begin(std::move(response));  // and stays open, as servers may
    open.push_back(std::move(responder));
  }
  net::UpgradeDecision on_upgrade(net::EventLoop&, const net::HttpRequest&) override { return {}; }
  void on_websocket(net::EventLoop&, const net::HttpRequest&,
                    std::shared_ptr<net::WebSocket>) override {}

  Json result_of(const Json& message) const {
    if (message.at("method") == "initialize") {
      return {{"protocolVersion", "2025-06-18"}, {"capabilities", Json::object()}};
    }
    if (message.at("method") == "tools/list") {
      if (!message.at("params").contains("cursor")) {
        return {{"tools",
                 {{{"name", "search"},
                   {"description", "Searches."},
                   {"inputSchema", {{"type", "object"}}},
                   {"annotations", {{"readOnlyHint", true}}}}}},
                {"nextCursor", "2"}};
      }
      return {{"tools", {{{"name", "save"}, {"inputSchema", {{"type", "object"}}}}}}};
    }
    if (message.at("params").at("name") == "fails") {
      return {{"isError", true}, {"content", {{{"type", "text"}, {"text", "no such page"}}}}};
    }
    return {{"content",
             {{{"type", "text"}, {"text", "got"}},
              {{"type", "text"}, {"text", message.at("params").at("arguments").at("q")}},
              {{"type", "image"}, {"data", "AA"}, {"mimeType", "image/png"}}}}};
  }

  engine::McpServer endpoint() const {
    return {"docs", "http://" + server_->addresses().front() + "/mcp", "token", {{"X-A", "1"}}};
  }
  net::EventLoop& loop() { return pool.at(0); }

  // Runs the request to its end, and to the end of the session at the server.
  McpEvent run(engine::McpRequest request) {
    const auto client = providers::mcp::make_http_client();
    McpEvent outcome;
    on_delete = [this] { loop().stop(); };
    const bool session_made = status == 200;
    const auto job = client->start(std::move(request), loop(), [&](McpEvent event) {
      outcome = std::move(event);
      if (!session_made) loop().stop();
    });
    loop().run();
    return outcome;
  }

  net::LoopPool pool{1};
  std::vector<std::string> methods;
  std::vector<std::string> asked;
  std::vector<std::shared_ptr<net::HttpResponder>> open;
  std::string authorization;
  std::string ended_session;
  std::function<void()> on_delete;
  int status = 200;
  bool stream = false;
  bool garbage = false;

 private:
  std::unique_ptr<net::Server> server_;
};

TEST_CASE("all pages of a list of tools are read, and the session is given up") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    Server server;
    server.stream = stream;
    const auto event = server.run(engine::McpListRequest{server.endpoint()});
    const auto* tools = std::get_if<engine::McpTools>(&event);
    REQUIRE(tools != nullptr);
    REQUIRE(tools->tools.size() == 2);
    CHECK(tools->tools[0].name == "search");
    CHECK(tools->tools[0].read_only);
    CHECK(tools->tools[0].input_schema.text == R"({"type":"object"})");
    CHECK(tools->tools[1].name == "save");
    CHECK(server.asked == std::vector<std::string>{"initialize", "notifications/initialized",
                                                   "tools/list", "tools/list"});
    CHECK(server.authorization == "Bearer token");
    CHECK(server.ended_session == "s-1");
  }
}

TEST_CASE("a call gives the texts of its result") {
  Server server;
  const auto event =
      server.run(engine::McpCallRequest{server.endpoint(), "search", R"({"q":"x"})"});
  REQUIRE(std::holds_alternative<engine::McpOutput>(event));
  CHECK(std::get<engine::McpOutput>(event).text == "got\nx\n[image]");
}

TEST_CASE("failures say whose they are") {
  Server server;
  const auto fault = [&](engine::McpRequest request) {
    const auto event = server.run(std::move(request));
    REQUIRE(std::holds_alternative<engine::McpFault>(event));
    return std::get<engine::McpFault>(event);
  };
  const auto failed = fault(engine::McpCallRequest{server.endpoint(), "fails", "{}"});
  CHECK(failed.kind == McpFaultKind::tool_execution);
  CHECK(failed.message == "no such page");
  CHECK(fault(engine::McpCallRequest{server.endpoint(), "search", "[1]"}).kind ==
        McpFaultKind::tool_execution);
  server.status = 401;
  const auto refused = fault(engine::McpListRequest{server.endpoint()});
  CHECK(refused.kind == McpFaultKind::http);
  CHECK(refused.code == 401);
  CHECK(refused.message.find("token") == std::string::npos);
  auto nowhere = server.endpoint();
  nowhere.url = "http://127.0.0.1:1/mcp";
  CHECK(fault(engine::McpListRequest{nowhere}).kind == McpFaultKind::http);
}

TEST_CASE("a JSON-RPC error is the protocol's, and other messages are passed over") {
  const auto answer = providers::mcp::read_answer(
      R"({"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"Unknown tool"}})", 3);
  REQUIRE(answer);
  REQUIRE(answer->fault);
  CHECK(answer->fault->kind == McpFaultKind::protocol);
  CHECK(answer->fault->code == -32602);
  CHECK(!providers::mcp::read_answer(R"({"jsonrpc":"2.0","id":4,"result":{}})", 3));
  CHECK(!providers::mcp::read_answer(R"({"jsonrpc":"2.0","method":"ping","id":3})", 3));
  CHECK(!providers::mcp::read_answer("nonsense", 3));
  CHECK(providers::mcp::read_answer(R"({"id":3,"result":7})", 3)->fault);
}

TEST_CASE("a job that is dropped is heard of no more") {
  Server server;
  const auto client = providers::mcp::make_http_client();
  bool heard = false;
  auto job = client->start(engine::McpListRequest{server.endpoint()}, server.loop(),
                           [&](const McpEvent&) { heard = true; });
  job.reset();
  server.loop().post([&] { server.loop().stop(); });
  server.loop().run();
  CHECK(!heard);
}

}  // namespace
}  // namespace parley::tests
