// SPDX-License-Identifier: MIT
#include "net/detail/client_handshake.h"

#include <algorithm>
#include <utility>

namespace parley::net::detail {

namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr std::size_t kQuotedBodyBytesMax = 4096;

std::string joined(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

struct Pending {
  std::shared_ptr<WebSocketConnection> connection;
  ClientHandshake request;
  websocket::response_type response;
  std::function<void(base::Result<std::shared_ptr<WebSocket>>)> done;
};

void decorate(websocket::request_type& message, const ClientHandshake& request) {
  message.set(http::field::user_agent, "parley");
  if (!request.subprotocols.empty()) {
    message.set(http::field::sec_websocket_protocol, joined(request.subprotocols));
  }
  for (const auto& [name, value] : request.headers) message.set(name, value);
}

base::Result<std::shared_ptr<WebSocket>> outcome(const Pending& pending, error_code error) {
  if (!error) return pending.connection;
  if (error != websocket::error::upgrade_declined) {
    if (error.category() == make_error_code(websocket::error::closed).category() ||
        error.category() == make_error_code(http::error::end_of_stream).category()) {
      return base::fail("upgrade_refused", "not a WebSocket answer: " + error.message());
    }
    return base::fail("connect_failed", error.message());
  }
  const auto& body = pending.response.body();
  return base::fail("upgrade_refused",
                    "HTTP " + std::to_string(pending.response.result_int()) + ": " +
                        body.substr(0, std::min(body.size(), kQuotedBodyBytesMax)));
}

}  // namespace

void shake_hands(EventLoop& loop, Stream stream, const WebSocketLimits& limits,
                 ClientHandshake request,
                 std::function<void(base::Result<std::shared_ptr<WebSocket>>)> done) {
  auto pending = std::make_shared<Pending>();
  pending->connection = std::make_shared<WebSocketConnection>(loop, std::move(stream), limits);
  pending->request = std::move(request);
  pending->done = std::move(done);
  auto& wire = pending->connection->wire();
  wire.set_option(websocket::stream_base::decorator(
      [pending = pending.get()](websocket::request_type& message) {
        decorate(message, pending->request);
      }));
  wire.async_handshake(pending->response, pending->request.authority, pending->request.target,
                       [pending](error_code error) {
                         const auto handed_over = std::move(pending->done);
                         handed_over(outcome(*pending, error));
                       });
}

}  // namespace parley::net::detail
