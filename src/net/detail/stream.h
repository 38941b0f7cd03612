// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "net/detail/asio.h"

namespace parley::net::detail {

// A TCP connection that speaks TLS or not, as one AsyncStream type: Beast's templates, which cost
// seconds of compile time per stream type, are so instantiated once. Copies share the connection.
// One loop.
class Stream {
 public:
  using executor_type = IoExecutor;

  explicit Stream(Socket socket);

  executor_type get_executor() const { return state_->plain.get_executor(); }
  Socket& socket() { return state_->socket(); }

  bool secure() const { return state_->tls != nullptr; }
  // Puts TLS on top; the handshake is the caller's next step. `context` is kept alive.
  asio::ssl::stream<Socket>& start_tls(std::shared_ptr<asio::ssl::context> context);
  asio::ssl::stream<Socket>& tls() { return *state_->tls; }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (state_->tls) {
      state_->tls->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      state_->plain.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (state_->tls) {
      state_->tls->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      state_->plain.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

  // Ends the connection in the background: says so to the peer (TLS close_notify, FIN), then
  // discards what still comes in, for a second at most. Closing at once instead would answer late
  // input with RST, and the peer would lose our last words. No operation may be pending.
  void finish();
  // Ends it now, unless finish() is about to. Pending operations complete with an error.
  void close();
  void abort();  // in any case

 private:
  struct State {
    explicit State(Socket socket) : plain(std::move(socket)) {}
    Socket& socket() { return tls ? tls->next_layer() : plain; }

    std::shared_ptr<asio::ssl::context> context;
    Socket plain;  // moved into `tls` when there is one
    std::unique_ptr<asio::ssl::stream<Socket>> tls;
    std::optional<SteadyTimer> deadline;
    std::array<char, 2048> discarded;
    bool finishing = false;
  };
  static void end_sending(std::shared_ptr<State> state);
  static void drain(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

// How Beast asks for the end of a connection (its customization points, found by name).
template <class Handler>
void async_teardown(boost::beast::role_type, Stream& stream, Handler&& handler) {
  stream.finish();
  asio::post(stream.get_executor(),
             boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}
inline void beast_close_socket(Stream& stream) { stream.abort(); }

}  // namespace parley::net::detail
