// SPDX-License-Identifier: MIT
// connect_websocket(): resolve, connect, the tunnel through a proxy, TLS, opening handshake, one
// after the other and all under one deadline.
#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/detail/client_handshake.h"
#include "net/detail/host_lookup.h"
#include "net/detail/proxy.h"
#include "net/detail/stream.h"
#include "net/detail/tls.h"
#include "net/detail/url.h"
#include "net/websocket.h"

namespace parley::net {

namespace {

using detail::error_code;
using Connected = tl::expected<std::shared_ptr<WebSocket>, ConnectError>;
using Done = std::function<void(Connected)>;

constexpr base::Duration kIdleTimeout = std::chrono::seconds(60);
constexpr std::size_t kProxyHeadBytesMax = 16u << 10u;

class Connect final : public ConnectAttempt, public std::enable_shared_from_this<Connect> {
 public:
  Connect(EventLoop& loop, WebSocketClientOptions options, Done done)
      : loop_(loop),
        options_(std::move(options)),
        done_(std::move(done)),
        lookup_(loop),
        stream_(detail::Socket(loop.impl().executor())),
        deadline_(loop) {}

  void start() {
    deadline_.arm(loop_.now() + options_.timeout, [this] {
      const auto self = shared_from_this();
      fail("timeout", "no connection within the time given");
    });
    auto url = detail::parse_websocket_url(options_.url);
    if (!url) return fail_soon(std::move(url.error()));
    url_ = std::move(*url);
    // Text to be sent as it stands must not smuggle in lines of its own.
    for (const auto& [name, value] : options_.headers) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) {
        return fail_soon({"upgrade_refused", "a header holds a line break", {}});
      }
    }
    auto proxy = detail::proxy_for(url_, [](const char* name) { return std::getenv(name); });
    if (!proxy) return fail_soon(std::move(proxy.error()));
    proxy_ = std::move(*proxy);
    lookup_.start(proxy_ ? proxy_->host : url_.host, proxy_ ? proxy_->port : url_.port,
                  [self = shared_from_this()](detail::HostLookup::Found found) {
                    if (!self->done_) return;
                    if (!found) return self->fail(found.error().code, found.error().message);
                    self->connect(*found);
                  });
  }

  void cancel() override {
    PARLEY_ASSERT(loop_.impl().may_touch());
    if (std::exchange(done_, nullptr)) give_up();
  }

 private:
  void connect(const detail::HostLookup::Endpoints& found) {
    boost::asio::async_connect(
        stream_.socket(), found,
        [self = shared_from_this()](error_code error, const detail::tcp::endpoint&) {
          if (!self->done_) return;
          if (error) {
            const auto& to = self->proxy_ ? self->proxy_->host : self->url_.authority;
            return self->fail("connect_failed", to + ": " + error.message());
          }
          error_code ignored;
          self->stream_.socket().set_option(detail::tcp::no_delay(true), ignored);
          if (self->proxy_) return self->ask_for_tunnel();
          self->begin();
        });
  }

  void ask_for_tunnel() {
    tunnel_text_ = detail::connect_request(*proxy_, url_);
    boost::asio::async_write(stream_, boost::asio::buffer(tunnel_text_),
                             [self = shared_from_this()](error_code error, std::size_t) {
                               if (!self->done_) return;
                               if (error) return self->fail_tunnel(error.message());
                               self->read_tunnel_answer();
                             });
  }

  void read_tunnel_answer() {
    tunnel_text_.clear();
    boost::asio::async_read_until(
        stream_, boost::asio::dynamic_buffer(tunnel_text_, kProxyHeadBytesMax), "\r\n\r\n",
        [self = shared_from_this()](error_code error, std::size_t head_bytes) {
          if (!self->done_) return;
          if (error) return self->fail_tunnel(error.message());
          const int status = detail::connect_status(self->tunnel_text_);
          if (status != 200) return self->fail_tunnel("HTTP " + std::to_string(status));
          // The other side waits for our first words.
          if (self->tunnel_text_.size() > head_bytes) return self->fail_tunnel("spoke too early");
          self->begin();
        });
  }

  void fail_tunnel(const std::string& why) {
    fail("connect_failed", "the proxy " + proxy_->host + ": " + why);
  }

  void begin() {
    if (url_.secure) return start_tls();
    shake_hands();
  }

  void start_tls() {
    const auto context = detail::make_client_tls(options_.tls);
    if (!context) return fail(context.error().code, context.error().message);
    auto& tls = stream_.start_tls(*context);
    if (!detail::expect_host(tls.native_handle(), url_.host)) {
      return fail("tls_failed", url_.host + ": not a host that a certificate could name");
    }
    tls.async_handshake(
        boost::asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
          if (!self->done_) return;
          if (!error) return self->shake_hands();
          self->fail("tls_failed",
                     detail::handshake_fault(self->stream_.tls().native_handle(), error.message()));
        });
  }

  void shake_hands() {
    detail::WebSocketLimits limits;
    limits.message_bytes_max = options_.message_bytes_max;
    limits.idle_timeout = kIdleTimeout;
    detail::shake_hands(loop_, stream_, limits,
                        {url_.authority, url_.target, options_.headers, options_.subprotocols},
                        [self = shared_from_this()](Connected result) {
                          if (!self->done_) return;
                          if (!result) self->stream_.close();
                          self->report(std::move(result));
                        });
  }

  void fail_soon(base::Error error) {
    loop_.post([self = shared_from_this(), error = std::move(error)] {
      if (self->done_) self->fail(error.code, error.message);
    });
  }

  void fail(std::string code, std::string message) {
    give_up();
    report(tl::unexpected(ConnectError{{std::move(code), std::move(message), {}}}));
  }

  void give_up() {
    deadline_.disarm();
    lookup_.cancel();
    stream_.close();
  }

  // Once: an empty done_ tells the steps still pending that nobody waits any more.
  void report(Connected result) {
    deadline_.disarm();
    std::exchange(done_, nullptr)(std::move(result));
  }

  EventLoop& loop_;
  const WebSocketClientOptions options_;
  detail::WebSocketUrl url_;
  Done done_;
  std::optional<detail::Proxy> proxy_;
  std::string tunnel_text_;
  detail::HostLookup lookup_;
  detail::Stream stream_;
  Timer deadline_;
};

}  // namespace

std::weak_ptr<ConnectAttempt> connect_websocket(EventLoop& loop, WebSocketClientOptions options,
                                                Done done) {
  auto attempt = std::make_shared<Connect>(loop, std::move(options), std::move(done));
  attempt->start();
  return attempt;
}

}  // namespace parley::net
