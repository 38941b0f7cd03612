// SPDX-License-Identifier: MIT
#include "net/http.h"

#include <doctest/doctest.h>

#include "net/detail/address.h"
#include "net/detail/http_text.h"
#include "net/detail/url.h"

using namespace parley::net;
using namespace parley::net::detail;

namespace {

HttpRequest request_for(const std::string& target) {
  HttpRequest request;
  request.target = target;
  parse_target(request);
  return request;
}

}  // namespace

TEST_CASE("path and query are percent-decoded, with '+' as a space in the query only") {
  const auto request = request_for("/v1/a%2Fb+c?model=x%20y+z&empty=&flag&a%3Db=%C3%A9&model=2");
  CHECK(request.path == "/v1/a/b+c");
  CHECK(request.query ==
        HeaderList{
            {"model", "x y z"}, {"empty", ""}, {"flag", ""}, {"a=b", "\xc3\xa9"}, {"model", "2"}});
  CHECK(request.query_value("model") == "x y z");
  CHECK(request.query_value("flag") == "");
  CHECK_FALSE(request.query_value("Model").has_value());
}

TEST_CASE("a broken percent escape stays as it is") {
  CHECK(percent_decode("%") == "%");
  CHECK(percent_decode("%4") == "%4");
  CHECK(percent_decode("%zz%41") == "%zzA");
}

TEST_CASE("the absolute form of a target gives its path") {
  CHECK(request_for("http://host:80/a?b=c").path == "/a");
  CHECK(request_for("http://host:80/a?b=c").query_value("b") == "c");
  CHECK(request_for("http://host").path == "/");
  CHECK(request_for("http://host?x=1").path == "/");
  CHECK(request_for("*").path == "*");
}

TEST_CASE("header names compare without case, and the first value counts") {
  HttpRequest request;
  request.headers = {{"X-One", "1"}, {"x-one", "2"}};
  CHECK(request.header("x-ONE") == "1");
  CHECK(request.header("absent").empty());
}

TEST_CASE("sub-protocols come in order from all their headers, trimmed") {
  HttpRequest request;
  request.headers = {{"Sec-WebSocket-Protocol", " realtime ,\topenai-beta.realtime-v1,, "},
                     {"sec-websocket-protocol", "third"}};
  CHECK(request.subprotocols() ==
        std::vector<std::string>{"realtime", "openai-beta.realtime-v1", "third"});
}

TEST_CASE("a response's head has a length and lets no header break its frame") {
  HttpResponse response;
  response.body = "{}";
  response.headers = {{"X-Good", "1"}, {"X-Bad", "a\r\nb"}, {"content-length", "99"}};
  CHECK(response_head(response, Connection::keep_alive) ==
        "HTTP/1.1 200 OK\r\nServer: parley\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nConnection: keep-alive\r\nX-Good: 1\r\n\r\n");
  response.status = 204;
  CHECK(response_head(response, Connection::close).find("Content-") == std::string::npos);
}

TEST_CASE("WebSocket URLs are taken apart") {
  const auto plain = parse_websocket_url("ws://host/v1/realtime?model=x#frag");
  REQUIRE(plain);
  CHECK_FALSE(plain->secure);
  CHECK(plain->host == "host");
  CHECK(plain->port == "80");
  CHECK(plain->authority == "host");
  CHECK(plain->target == "/v1/realtime?model=x");

  const auto secure = parse_websocket_url("WSS://[::1]:7866?x");
  REQUIRE(secure);
  CHECK(secure->secure);
  CHECK(secure->host == "::1");
  CHECK(secure->port == "7866");
  CHECK(secure->authority == "[::1]:7866");
  CHECK(secure->target == "/?x");
}

TEST_CASE("a URL that cannot work is refused with a reason") {
  for (const char* url :
       {"", "http://host/", "ws://", "ws:///path", "ws://user@host/", "ws://h:0/", "ws://h:65536/",
        "ws://h:/", "ws://h:8x/", "ws://[::1/", "ws://[::1]x/", "ws://a b/", "ws://h/\r\nX: y"}) {
    CAPTURE(url);
    const auto parsed = parse_websocket_url(url);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == "invalid_url");
  }
}

TEST_CASE("listening addresses are an address and a port") {
  CHECK(to_text(*parse_address("127.0.0.1:7866")) == "127.0.0.1:7866");
  CHECK(to_text(*parse_address("[::1]:0")) == "[::1]:0");
  CHECK(to_text(*parse_address("localhost:80")) == "127.0.0.1:80");
  for (const char* text : {"", "7866", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                           "::1:80", "[127.0.0.1]:80", "[]:80", "example.com:80", "127.0.0.1:-1"}) {
    CAPTURE(text);
    const auto parsed = parse_address(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == "invalid_address");
  }
}
