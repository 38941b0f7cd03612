// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

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

  // Whether a connection of that pool key waits open and idle, or is being made for it.
  bool is_warm(const std::string& pool_key) const;
  void begin_warming(const std::string& pool_key) { warming_.insert(pool_key); }
  void end_warming(const std::string& pool_key) { warming_.erase(pool_key); }

  void abandon() override;

 private:
  static int close_socket(void* self, curl_socket_t socket);
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  void watch();
  void wake_at(long timeout_ms);
  void act(curl_socket_t socket, int events);
  void hand_out();
  void collect_finished();
  void note_idle(const CurlTransfer& transfer);

  EventLoop& loop_;
  CURLM* multi_ = nullptr;
  int epoll_ = -1;
  boost::asio::posix::basic_stream_descriptor<IoExecutor> watched_;
  SteadyTimer timer_;
  std::uint64_t timer_id_ = 0;  // of the wait that counts
  std::map<CURL*, std::shared_ptr<CurlTransfer>> transfers_;
  std::deque<std::shared_ptr<CurlTransfer>> ready_;
  struct Idle {
    std::string pool_key;
    base::Instant since;
  };
  std::map<curl_socket_t, Idle> idle_;  // what waits in curl's pool
  std::set<std::string> warming_;       // pool keys
  bool handing_out_ = false;
};

}  // namespace parley::net::detail
