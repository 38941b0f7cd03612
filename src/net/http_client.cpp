// SPDX-License-Identifier: MIT
#include "net/http_client.h"

#include <utility>

#include "base/assert.h"
#include "net/detail/curl_loop.h"
#include "net/detail/curl_transfer.h"

namespace parley::net {

namespace {

class Call final : public HttpCall {
 public:
  explicit Call(std::shared_ptr<detail::CurlTransfer> transfer) : transfer_(std::move(transfer)) {}
  ~Call() override { transfer_->cancel(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  std::shared_ptr<detail::CurlTransfer> transfer_;
};

// "https://host:port", without what follows.
std::string origin_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

}  // namespace

std::unique_ptr<HttpCall> start_http(EventLoop& loop, HttpClientRequest request,
                                     HttpClientHandlers handlers) {
  PARLEY_ASSERT(loop.impl().may_touch());
  auto& curl = detail::CurlLoop::of(loop);
  auto transfer =
      std::make_shared<detail::CurlTransfer>(curl, std::move(request), std::move(handlers));
  transfer->start();
  return std::make_unique<Call>(std::move(transfer));
}

void warm_http(EventLoop& loop, const std::string& url, const ClientTls& tls) {
  PARLEY_ASSERT(loop.impl().may_touch());
  const std::string origin = origin_of(url);
  const std::string pool_key = detail::CurlTransfer::pool_key_of(url, tls);
  auto& curl = detail::CurlLoop::of(loop);
  if (origin.empty() || curl.is_warm(pool_key)) return;
  curl.begin_warming(pool_key);
  HttpClientRequest request;
  request.method = "HEAD";
  request.url = origin + "/";
  request.tls = tls;
  request.timeouts.first_byte = request.timeouts.total = std::chrono::seconds(5);
  HttpClientHandlers handlers;
  handlers.on_done = [&curl, pool_key](const base::Result<void>&) { curl.end_warming(pool_key); };
  // The loop keeps the transfer.
  std::make_shared<detail::CurlTransfer>(curl, std::move(request), std::move(handlers))->start();
}

void send_and_forget(EventLoop& loop, HttpClientRequest request) {
  PARLEY_ASSERT(loop.impl().may_touch());
  // The loop keeps the transfer.
  std::make_shared<detail::CurlTransfer>(detail::CurlLoop::of(loop), std::move(request),
                                         HttpClientHandlers{})
      ->start();
}

EventLoop& event_loop_of(base::Executor& executor) {
  auto* const loop = dynamic_cast<EventLoop*>(&executor);
  PARLEY_ASSERT(loop != nullptr);
  return *loop;
}

}  // namespace parley::net
