// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/websocket.h"

// Requests to other servers: HTTP/1.1 and HTTP/2 through libcurl's multi interface, driven by the
// event loop. Every loop keeps its own pool of warm connections, so that a request finds one open.
// Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl reads them.
namespace parley::net {

// How long each phase may take; zero: no limit.
struct HttpTimeouts {
  base::Duration connect = std::chrono::seconds(5);      // name, TCP and TLS
  base::Duration first_byte = std::chrono::seconds(30);  // from the start to the response's headers
  base::Duration idle = std::chrono::seconds(20);        // between two pieces of the body
  base::Duration total = std::chrono::seconds(120);
};

struct HttpClientRequest {
  std::string method = "POST";
  std::string url;  // http:// or https://
  HeaderList headers;
  std::string body;
  ClientTls tls;
  HttpTimeouts timeouts;
};

// All are called on the loop, never from inside start_http(), and never after the call was
// destroyed. A handler may destroy the call.
struct HttpClientHandlers {
  // Once, before any body. Interim (1xx) and proxy answers are not shown.
  std::function<void(int status, const HeaderList& headers)> on_headers;
  std::function<void(std::string_view piece)> on_body;  // borrowed until it returns
  // Once, last. A response with any status is a success of the transport. Error codes:
  // "invalid_url", "resolve_failed", "connect_failed" (refused, unreachable), "tls_failed",
  // "timeout_connect", "timeout_first_byte", "timeout_idle", "timeout_total", "closed_early" (the
  // peer went before the response was whole), "protocol_error" (also for a header of the request
  // that holds a line break, which is not sent).
  std::function<void(base::Result<void>)> on_done;
};

// A running request. Destroying it cancels it: the upstream connection is closed (HTTP/1.1) or the
// stream reset (HTTP/2) before the destructor returns.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

// A reused connection that dies before any response byte is retried once on a fresh one (curl does
// so by itself). Nothing else is retried here, and redirects are not followed.
std::unique_ptr<HttpCall> start_http(EventLoop& loop, HttpClientRequest request,
                                     HttpClientHandlers handlers);

// A request whose outcome interests nobody. It goes on until it is done or timed out.
void send_and_forget(EventLoop& loop, HttpClientRequest request);

// Opens a connection to the URL's origin if the pool has none idle, for a request that is likely to
// come soon. Failures are silent.
void warm_http(EventLoop& loop, const std::string& url, const ClientTls& tls);

// The loop behind an executor that a session was given; engines that do I/O run on it.
EventLoop& event_loop_of(base::Executor& executor);

}  // namespace parley::net
