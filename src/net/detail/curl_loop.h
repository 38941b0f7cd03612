// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/detail/asio.h"
#include "net/http_client.h"

namespace parley::net::detail {

class CurlTransfer;

// libcurl's multi interface on one event loop: its connection pool, and every transfer of the loop.
// curl's sockets are watched through an epoll descriptor of our own, which Asio watches in turn, so
// that it does not matter when curl closes a socket. Nothing of ours is called from inside curl:
// what arrives is kept by its transfer and handed out afterwards.
class CurlLoop final : public LoopMember {
 public:
  static CurlLoop& of(EventLoop& loop);  // made when first needed; lives as long as the loop

  explicit CurlLoop(EventLoop& loop);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  EventLoop& loop() { return loop_; }
  void add(std::shared_ptr<CurlTransfer> transfer);
  void remove(CurlTransfer& transfer);  // closes its connection, unless it is done
  // The transfer has something to hand out.
  void mark_ready(CurlTransfer& transfer);

  // Whether a connection to the origin is likely to be open and idle.
  bool is_warm(const std::string& origin) const;
  void note_use(const std::string& origin);

  void abandon() override;

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  void watch();
  void wake_at(long timeout_ms);
  void act(curl_socket_t socket, int events);
  void hand_out();
  void collect_finished();

  EventLoop& loop_;
  CURLM* multi_ = nullptr;
  int epoll_ = -1;
  boost::asio::posix::basic_stream_descriptor<IoExecutor> watched_;
  SteadyTimer timer_;
  std::uint64_t timer_id_ = 0;  // of the wait that counts
  std::map<CURL*, std::shared_ptr<CurlTransfer>> transfers_;
  std::deque<std::shared_ptr<CurlTransfer>> ready_;
  std::map<std::string, base::Instant> used_;  // by origin: when a connection was last in use
  bool handing_out_ = false;
};

}  // namespace parley::net::detail
