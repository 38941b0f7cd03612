// SPDX-License-Identifier: MIT
#include "net/server.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <mutex>
#include <utility>

#include "net/detail/address.h"
#include "net/detail/asio.h"
#include "net/detail/http_connection.h"
#include "net/detail/tls.h"

namespace parley::net {

namespace {

using detail::error_code;
using detail::tcp;
using Context = std::shared_ptr<detail::ServerContext>;
using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Between tries to accept when the process is out of file descriptors or memory.
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

enum class Port { exclusive, shared };

error_code bind_to(detail::Acceptor& acceptor, const tcp::endpoint& endpoint, Port port) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(detail::Acceptor::reuse_address(true), error);
  if (!error && port == Port::shared) acceptor.set_option(ReusePort(true), error);
  // So that [::] and 0.0.0.0 can be listened on side by side, whatever the system's default.
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(boost::asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

// One listening socket of one loop. stop() may come from any thread, so a mutex guards the
// acceptor: posting to the loop would wait for ever when the loop does not run.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(EventLoop& loop, Context server)
      : loop_(loop),
        server_(std::move(server)),
        acceptor_(loop.impl().executor()),
        retry_(loop.impl().executor()) {}

  // Changes the port of `endpoint` from 0 to the one that was found.
  error_code listen(tcp::endpoint& endpoint) {
    const std::lock_guard lock(mutex_);
    error_code error = bind_to(acceptor_, endpoint, Port::shared);
    if (!error) acceptor_.listen(detail::Acceptor::max_listen_connections, error);
    if (!error) endpoint = acceptor_.local_endpoint(error);
    return error;
  }

  void accept() {
    const std::lock_guard lock(mutex_);
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept([self = shared_from_this()](error_code error, detail::Socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

 private:
  void on_accept(error_code error, detail::Socket socket) {
    if (!error) {
      detail::serve_http(loop_, std::move(socket), server_);
    } else if (error != boost::asio::error::operation_aborted &&
               error != boost::asio::error::connection_aborted) {
      return accept_later();
    }
    accept();
  }

  void accept_later() {
    const std::lock_guard lock(mutex_);
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([self = shared_from_this()](error_code) { self->accept(); });
  }

  EventLoop& loop_;
  const Context server_;
  std::mutex mutex_;
  detail::Acceptor acceptor_;
  detail::SteadyTimer retry_;
};

// SO_REUSEPORT would let a second server of the same user share the port unnoticed.
error_code check_free(EventLoop& loop, const tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) return {};
  detail::Acceptor probe(loop.impl().executor());
  return bind_to(probe, endpoint, Port::exclusive);
}

}  // namespace

struct Server::Impl {
  Context context;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::string> addresses;

  base::Result<void> listen(LoopPool& pool, const std::string& address);
};

base::Result<void> Server::Impl::listen(LoopPool& pool, const std::string& address) {
  auto endpoint = detail::parse_address(address);
  if (!endpoint) return tl::unexpected<base::Error>(endpoint.error());
  error_code error = check_free(pool.at(0), *endpoint);
  for (int i = 0; i < pool.size() && !error; ++i) {
    listeners.push_back(std::make_shared<Listener>(pool.at(i), context));
    error = listeners.back()->listen(*endpoint);
  }
  if (error) {
    return base::fail("listen_failed", detail::to_text(*endpoint) + ": " + error.message(),
                      "listen");
  }
  addresses.push_back(detail::to_text(*endpoint));
  return {};
}

base::Result<std::unique_ptr<Server>> Server::create(LoopPool& pool, ServerHandler& handler,
                                                     ServerOptions options) {
  detail::TlsContext tls;
  if (!options.tls.certificate_file.empty()) {
    auto made = detail::make_server_tls(options.tls);
    if (!made) return tl::unexpected<base::Error>(std::move(made.error()));
    tls = std::move(*made);
  }
  auto impl = std::make_unique<Impl>();
  impl->context =
      std::make_shared<detail::ServerContext>(handler, std::move(options), std::move(tls));
  for (const auto& address : impl->context->options.listen) {
    const auto listening = impl->listen(pool, address);
    if (!listening) return tl::unexpected<base::Error>(listening.error());
  }
  // Not before all are bound: a server that could not be made must not have answered.
  for (const auto& listener : impl->listeners) listener->accept();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop_accepting(); }

std::vector<std::string> Server::addresses() const { return impl_->addresses; }

void Server::stop_accepting() {
  impl_->context->stopping = true;
  for (const auto& listener : impl_->listeners) listener->stop();
}

}  // namespace parley::net
