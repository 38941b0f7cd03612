// SPDX-License-Identifier: MIT
// What an engine's refusal means, whatever shape it has.
#include <doctest/doctest.h>

#include "providers/remote/error_body.h"
#include "providers/remote/remote_call.h"
#include "providers/remote/retry.h"

namespace parley::tests {
namespace {

using engine::Failure;
using engine::FailureKind;
using namespace providers::remote;
using std::chrono::milliseconds;
using std::chrono::seconds;

Endpoint endpoint() {
  Endpoint made;
  made.engine = "llm.fast";
  made.base_url = "https://api.example.com/v1";
  made.api_key = "sk-verysecret";
  return made;
}

Failure refusal(int status, std::string_view body, const net::HeaderList& headers = {}) {
  return failure_of_status(endpoint(), status, headers, body);
}

TEST_CASE("the reason is found in every shape that engines write") {
  for (const char* body :
       {R"({"error":{"message":"no luck","type":"x","param":null,"code":null}})",
        R"({"error":"no luck"})", R"({"detail":"no luck"})",
        R"({"detail":{"status":"voice_gone","message":"no luck"}})",
        R"({"detail":[{"loc":["body"],"msg":"no luck","type":"missing"}]})",
        R"({"object":"error","message":"no luck","code":40001})",
        R"({"base_resp":{"status_code":1004,"status_msg":"no luck"}})",
        R"({"err_code":"INVALID","err_msg":"no luck"})", R"({"title":"no luck"})",
        R"([{"error":{"code":500,"message":"no luck"}}])", R"("no luck")", "  no luck\n"}) {
    CAPTURE(body);
    CHECK(refusal(500, body).message == "llm.fast failed (HTTP 500): no luck");
  }
}

TEST_CASE("HTML, broken JSON and nothing at all leave the status") {
  for (const char* body : {"<html><body>Bad gateway</body></html>", "", "{\"error\":{\"mess", "{}",
                           "[]", "null", R"({"error":7})"}) {
    CAPTURE(body);
    CHECK(refusal(500, body).message == "llm.fast failed (HTTP 500)");
  }
}

TEST_CASE("every documented status has its kind") {
  struct Case {
    int status;
    const char* body;
    FailureKind kind;
    const char* code;
  };
  for (const Case& c : {
           Case{302, "", FailureKind::protocol, "server_error"},
           {400, R"({"error":{"type":"invalid_request_error"}})", FailureKind::invalid_request,
            "server_error"},
           {400, R"({"error":{"code":"context_length_exceeded"}})", FailureKind::invalid_request,
            "context_length_exceeded"},
           {400, R"({"error":{"code":"content_filter","innererror":{}}})",
            FailureKind::content_filter, "content_filter"},
           {400, R"({"error":{"code":"invalid_api_key"}})", FailureKind::auth, "server_error"},
           {401, R"({"error":"Unauthorized"})", FailureKind::auth, "server_error"},
           {401, R"({"error":{"type":"invalid_request_error","code":"invalid_api_key"}})",
            FailureKind::auth, "server_error"},
           {401, R"({"detail":{"status":"quota_exceeded","message":"paid up"}})",
            FailureKind::quota, "insufficient_quota"},
           {402, "", FailureKind::quota, "insufficient_quota"},
           {403, "", FailureKind::auth, "server_error"},
           {404, "", FailureKind::not_found, "server_error"},
           {408, "", FailureKind::timeout, "server_error"},
           {422, R"({"detail":[{"msg":"bad"}]})", FailureKind::invalid_request, "server_error"},
           {429, "", FailureKind::rate_limited, "rate_limit_exceeded"},
           {429, R"({"error":{"type":"insufficient_quota","code":"insufficient_quota"}})",
            FailureKind::quota, "insufficient_quota"},
           {500, "", FailureKind::unavailable, "server_error"},
           {501, "", FailureKind::invalid_request, "server_error"},
           {503, R"({"error":{"code":503,"type":"unavailable_error"}})", FailureKind::overloaded,
            "server_error"},
           {504, "", FailureKind::timeout, "server_error"},
           {529, "", FailureKind::overloaded, "server_error"},
       }) {
    CAPTURE(c.status);
    CAPTURE(c.body);
    const Failure failure = refusal(c.status, c.body);
    CHECK(failure.kind == c.kind);
    CHECK(failure.code == c.code);
    CHECK(failure.message.starts_with("llm.fast "));
  }
}

TEST_CASE("keys never reach a message, even when the engine echoes them") {
  Endpoint mine = endpoint();
  mine.headers = {{"Authorization", "Bearer other-secret"}, {"X-Title", "Parley"}};
  const Failure failure = failure_of_status(
      mine, 401, {},
      R"({"error":{"message":"Incorrect key: sk-verysecret, or other-secret, in Parley."}})");
  CHECK(failure.message ==
        "llm.fast refused the key (HTTP 401): Incorrect key: ***, or ***, in Parley.");
  CHECK(make_failure(mine, FailureKind::protocol, "said sk-verysecret").message ==
        "llm.fast said ***");
}

TEST_CASE("a message is one line of bounded, valid UTF-8") {
  const std::string odd = "a\r\n\tb\x01" + std::string("\xff\xc3") + "ü\xed\xa0\x80 ";
  CHECK(make_failure(endpoint(), FailureKind::protocol, odd).message == "llm.fast a b ??ü???");
  const std::string big(5000, 'x');
  CHECK(refusal(500, big).message.size() < 500);
}

TEST_CASE("errors of the connection are told in words") {
  const auto told = [](const char* code, const char* message = "") {
    return failure_of_transport(endpoint(), {code, message, {}});
  };
  CHECK(told("connect_failed", "Connection refused").message ==
        "llm.fast cannot be reached: Connection refused");
  CHECK(told("connect_failed").kind == FailureKind::unavailable);
  CHECK(told("tls_failed", "self-signed certificate").kind == FailureKind::unavailable);
  CHECK(told("timeout_first_byte", "whatever").message ==
        "llm.fast took too long to begin its answer");
  CHECK(told("timeout_idle").kind == FailureKind::timeout);
  CHECK(told("closed_early").kind == FailureKind::unavailable);
  CHECK(told("protocol_error").kind == FailureKind::protocol);
  CHECK(told("odd", "sk-verysecret").message == "llm.fast failed: ***");
}

TEST_CASE("a WebSocket that was refused is told as the HTTP answer that it is") {
  net::ConnectError error{{"upgrade_refused", "HTTP 401: …", {}}, 401};
  error.body = R"({"error":"bad key"})";
  const Failure refused = failure_of_connect(endpoint(), error);
  CHECK(refused.kind == FailureKind::auth);
  CHECK(refused.message == "llm.fast refused the key (HTTP 401): bad key");
  error.status = 429;
  error.headers = {{"retry-after", "2"}};
  const Failure busy = failure_of_connect(endpoint(), error);
  CHECK(busy.kind == FailureKind::rate_limited);
  CHECK(busy.retry_after == base::Milliseconds(2000));
  const net::ConnectError silent{{"timeout", "no connection", {}}};
  CHECK(failure_of_connect(endpoint(), silent).message == "llm.fast took too long to connect");
}

TEST_CASE("an error inside an answer keeps its own kind") {
  CHECK(failure_of_error(endpoint(), {"busy", "", "overloaded_error"}, FailureKind::unavailable)
            .kind == FailureKind::overloaded);
  const Failure unknown = failure_of_error(endpoint(), {"odd", "x1", ""}, FailureKind::unavailable);
  CHECK(unknown.kind == FailureKind::unavailable);
  CHECK(unknown.message == "llm.fast failed: odd");
}

TEST_CASE("the wait that an engine asks for is read in all its forms") {
  const base::WallTime now{784111777};  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(asked_wait({{"Retry-After", "3"}}, now) == seconds(3));
  CHECK(asked_wait({{"retry-after", "0.25"}}, now) == milliseconds(250));
  CHECK(asked_wait({{"retry-after", "9"}, {"retry-after-ms", "40"}}, now) == milliseconds(40));
  CHECK(asked_wait({{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}}, now) == seconds(10));
  CHECK(asked_wait({{"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}, now) == seconds(0));
  CHECK(asked_wait({{"Retry-After", "1e300"}}, now) == seconds(3600));
  CHECK_FALSE(asked_wait({{"Retry-After", "soon"}}, now));
  CHECK_FALSE(asked_wait({{"Retry-After", "-1"}}, now));
  CHECK_FALSE(asked_wait({{"Retry-After", "nan"}}, now));
  CHECK_FALSE(asked_wait({}, now));
  CHECK(refusal(429, "", {{"Retry-After", "2"}}).retry_after == seconds(2));
}

TEST_CASE("only what may succeed the next time is tried again") {
  const auto may = [](int status, const char* body, const net::HeaderList& headers = {}) {
    return may_retry_status(status, headers, refusal(status, body).kind);
  };
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 529}) {
    CAPTURE(status);
    CHECK(may(status, ""));
  }
  for (const int status : {302, 400, 401, 402, 403, 404, 413, 422, 501}) {
    CAPTURE(status);
    CHECK_FALSE(may(status, ""));
  }
  CHECK_FALSE(may(429, R"({"error":{"code":"insufficient_quota"}})"));
  CHECK_FALSE(may(500, "", {{"X-Should-Retry", "false"}}));
  CHECK(may(400, "", {{"x-should-retry", "true"}}));
  CHECK(may_retry_transport("connect_failed"));
  CHECK(may_retry_transport("closed_early"));
  CHECK_FALSE(may_retry_transport("timeout_first_byte"));
  CHECK_FALSE(may_retry_transport("tls_failed"));
}

TEST_CASE("the wait between tries doubles up to eight seconds, with jitter downwards") {
  CHECK(back_off(0, 0) == milliseconds(500));
  CHECK(back_off(0, 1) == milliseconds(375));
  CHECK(back_off(1, 0) == seconds(1));
  CHECK(back_off(4, 0) == seconds(8));
  CHECK(back_off(100, 0) == seconds(8));
}

}  // namespace
}  // namespace parley::tests
