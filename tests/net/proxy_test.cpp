// SPDX-License-Identifier: MIT
// Proxies of WebSockets: which one the environment names, and the tunnel through it.
#include "net/detail/proxy.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/net/harness.h"
#include "tests/net/http_caller.h"

namespace parley::net::test {
namespace {

using Variables = std::map<std::string, std::string>;

// "host:port authorization", "" for none, or the error's code.
std::string proxy_of(const std::string& url, const Variables& variables) {
  const auto found = detail::proxy_for(*detail::parse_websocket_url(url), [&](const char* name) {
    const auto variable = variables.find(name);
    return variable == variables.end() ? nullptr : variable->second.c_str();
  });
  if (!found) return found.error().code;
  if (!*found) return "";
  return (*found)->host + ":" + (*found)->port + " " + (*found)->authorization;
}

TEST_CASE("the environment names the proxy as it does for curl") {
  const Variables both = {{"http_proxy", "http://plain:1"}, {"HTTPS_PROXY", "http://safe:2/"}};
  CHECK(proxy_of("ws://far.example/", both) == "plain:1 ");
  CHECK(proxy_of("wss://far.example/", both) == "safe:2 ");
  CHECK(proxy_of("ws://far.example/", {}).empty());
  CHECK(proxy_of("ws://far.example/", {{"HTTP_PROXY", "http://cgi:1"}}).empty());
  CHECK(proxy_of("ws://far.example/", {{"ALL_PROXY", "any"}}) == "any:1080 ");
  CHECK(proxy_of("wss://far.example/", {{"https_proxy", "http://a:1"}, {"HTTPS_PROXY", "b"}}) ==
        "a:1 ");
  CHECK(proxy_of("wss://far.example/", {{"https_proxy", ""}}).empty());
  CHECK(proxy_of("wss://far.example/", {{"https_proxy", "http://me:p%40ss@[::2]:3"}}) ==
        "::2:3 Basic bWU6cEBzcw==");
  CHECK(proxy_of("wss://far.example/", {{"https_proxy", "socks5://a:1"}}) == "invalid_url");
  CHECK(proxy_of("wss://far.example/", {{"https_proxy", "http://a:x"}}) == "invalid_url");
}

TEST_CASE("some hosts are reached directly") {
  const auto direct = [](const std::string& url, const std::string& list) {
    return proxy_of(url, {{"all_proxy", "p:1"}, {"NO_PROXY", list}}).empty();
  };
  for (const char* url :
       {"ws://localhost/", "ws://a.localhost/", "ws://127.0.0.9/", "ws://[::1]/"}) {
    CHECK(direct(url, ""));
  }
  CHECK_FALSE(direct("ws://notlocalhost/", ""));
  CHECK(direct("ws://far.example/", "*"));
  CHECK(direct("ws://far.example/", "other, FAR.example"));
  CHECK(direct("ws://a.far.example/", "far.example"));
  CHECK(direct("ws://a.far.example/", ".far.example"));
  CHECK_FALSE(direct("ws://afar.example/", "far.example"));
  CHECK_FALSE(direct("ws://far.example/", "example.far,,"));
  CHECK(direct("ws://192.0.2.1/", "192.0.2.1"));
  CHECK(direct("ws://[2001:db8::1]/", "[2001:db8::1]"));
}

TEST_CASE("a proxy's answer is read no further than it can be trusted") {
  CHECK(detail::connect_status("HTTP/1.1 200 Connection established\r\n\r\n") == 200);
  CHECK(detail::connect_status("HTTP/1.0 407 x\r\n\r\n") == 407);
  CHECK(detail::connect_status("HTTP/1.1\r\n\r\n") == 0);
  CHECK(detail::connect_status("nonsense\r\n\r\n") == 0);
}

TEST_CASE("a WebSocket goes through the proxy's tunnel") {
  RawServer proxy;
  std::string address = proxy.url();
  address.insert(address.find("//") + 2, "me:secret@");
  const Variable http("http_proxy", address.c_str());
  const Variable none("no_proxy", nullptr);
  const Variable none_upper("NO_PROXY", nullptr);
  Client client;
  WebSocketClientOptions options;
  options.url = "ws://there.invalid/path";
  const auto outcome_with = [&](auto serve) {
    Mailbox<base::Error> failed;
    on_loop(client.loop, [&] {
      connect_websocket(client.loop, options,
                        [&](auto result) { failed.put(result ? base::Error{} : result.error()); });
    });
    {
      auto peer = proxy.accept();
      const auto head = peer.read_head();
      CHECK(head.starts_with("CONNECT there.invalid:80 HTTP/1.1\r\nHost: there.invalid:80\r\n"));
      CHECK(head.find("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n") != std::string::npos);
      serve(peer);
    }
    return failed.take();
  };
  const auto behind = outcome_with([](RawPeer& peer) {
    peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
    const auto head = peer.read_head();
    CHECK(head.starts_with("GET /path HTTP/1.1\r\nHost: there.invalid\r\n"));
    CHECK(head.find("Proxy-Authorization") == std::string::npos);
    peer.send("HTTP/1.1 418 I\r\nContent-Length: 2\r\n\r\nno");
  });
  CHECK(behind.code == "upgrade_refused");
  CHECK(behind.message == "HTTP 418: no");
  for (const char* answer : {"HTTP/1.1 407 Who\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nearly", "", "x"}) {
    const auto refused = outcome_with([&](RawPeer& peer) { peer.send(answer); });
    CHECK(refused.code == "connect_failed");
    CHECK(refused.message.find("secret") == std::string::npos);
  }
  const auto endless = outcome_with([](RawPeer& peer) { peer.try_send(std::string(20'000, 'x')); });
  CHECK(endless.code == "connect_failed");
}

}  // namespace
}  // namespace parley::net::test
