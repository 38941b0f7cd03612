// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "engine/types.h"
#include "providers/remote/endpoint.h"

// One HTTP request to an engine with what all providers need around it: the circuit breaker,
// retries, timeouts, and failures told in one language.
namespace parley::providers::remote {

struct RemoteRequest {
  std::string method = "POST";
  std::string url;
  net::HeaderList headers;  // authentication included; the endpoint's own are added
  std::string body;
  // The first event of the stream (not just the headers) must come within the endpoint's
  // first_byte timeout: true for streams whose headers come at once.
  bool await_first_piece = false;
};

// Called on the loop, never from inside start() and never after the call was destroyed. A handler
// may destroy the call. Exactly one of on_done and on_failure ends it.
struct RemoteHandlers {
  // The status was 2xx; headers as received.
  std::function<void(const net::HeaderList& headers)> on_accepted = {};
  std::function<void(std::string_view piece)> on_body;
  // The body is whole.
  std::function<void()> on_done;
  // Not accepted, or broken off (on_body may have been called before).
  std::function<void(engine::Failure)> on_failure;
};

// Destroying it cancels the request upstream.
class RemoteCall {
 public:
  static std::unique_ptr<RemoteCall> start(base::Executor& loop,
                                           std::shared_ptr<const Endpoint> endpoint,
                                           RemoteRequest request, RemoteHandlers handlers);
  virtual ~RemoteCall() = default;
  // The adapter found that the answer is an error after all (an error inside HTTP 200): counts for
  // the breaker. The adapter emits the failure itself.
  virtual void blame(const engine::Failure& failure) = 0;
  // All that matters has come; the rest (an end marker) is of no interest. No handler is called any
  // more, and the call may be destroyed without cutting a connection that is about to be free for
  // the next request: the end is awaited for a moment.
  virtual void let_finish() = 0;
};

// The failure that an HTTP error answer means. Reads the shapes that providers use
// (`error.message`, `error`, `detail`, `message`, `base_resp.status_msg`, `title`); HTML is not
// quoted.
engine::Failure failure_of_status(const Endpoint& endpoint, int status,
                                  const net::HeaderList& headers, std::string_view body);
// The failure that an error of the connection means (codes of net/http_client.h and
// net/websocket.h).
engine::Failure failure_of_transport(const Endpoint& endpoint, const base::Error& error);
// The same for a WebSocket that could not be opened: a refusal is read as the HTTP answer it is.
engine::Failure failure_of_connect(const Endpoint& endpoint, const net::ConnectError& error);
// The failure of a request that the endpoint's circuit breaker refuses for so long.
engine::Failure failure_of_breaker(const Endpoint& endpoint, base::Duration wait);
// "<engine> …": a failure in the engine's name. Never holds the endpoint's key, even when `what`
// does.
engine::Failure make_failure(const Endpoint& endpoint, engine::FailureKind kind,
                             std::string_view what);

}  // namespace parley::providers::remote
