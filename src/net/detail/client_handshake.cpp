// SPDX-License-Identifier: MIT
#include "net/detail/client_handshake.h"

#include <algorithm>
#include <utility>

namespace parley::net::detail {

namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;

using Connected = tl::expected<std::shared_ptr<WebSocket>, ConnectError>;

constexpr std::size_t kQuotedBodyBytesMax = 4096;
constexpr std::size_t kKeptBodyBytesMax = 64u << 10u;

std::string joined(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

struct Pending {
  std::shared_ptr<WebSocketConnection> connection;
  ClientHandshake request;
  websocket::response_type response;
  std::function<void(Connected)> done;
};

void decorate(websocket::request_type& message, const ClientHandshake& request) {
  message.set(http::field::user_agent, "parley");
  if (!request.subprotocols.empty()) {
    message.set(http::field::sec_websocket_protocol, joined(request.subprotocols));
  }
  for (const auto& [name, value] : request.headers) message.set(name, value);
}

tl::unexpected<ConnectError> fail(std::string code, std::string message) {
  return tl::unexpected(ConnectError{{std::move(code), std::move(message), {}}});
}

Connected refused(const websocket::response_type& answer) {
  ConnectError error;
  error.code = "upgrade_refused";
  error.status = static_cast<int>(answer.result_int());
  error.body = answer.body().substr(0, kKeptBodyBytesMax);
  error.message =
      "HTTP " + std::to_string(error.status) + ": " + error.body.substr(0, kQuotedBodyBytesMax);
  for (const auto& field : answer) error.headers.emplace_back(field.name_string(), field.value());
  return tl::unexpected(std::move(error));
}

Connected outcome(const Pending& pending, error_code error) {
  if (!error) return pending.connection;
  if (error == websocket::error::upgrade_declined) return refused(pending.response);
  if (error.category() == make_error_code(websocket::error::closed).category() ||
      error.category() == make_error_code(http::error::end_of_stream).category()) {
    return fail("upgrade_refused", "not a WebSocket answer: " + error.message());
  }
  return fail("connect_failed", error.message());
}

}  // namespace

void shake_hands(EventLoop& loop, Stream stream, const WebSocketLimits& limits,
                 ClientHandshake request, std::function<void(Connected)> done) {
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
